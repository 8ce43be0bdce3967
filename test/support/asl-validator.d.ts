/** The package brings no types. */
declare module 'asl-validator' {
  function validate(definition: object): { readonly isValid: boolean };
  export = validate;
}
