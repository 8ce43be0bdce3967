/** What CloudFormation makes of a value in a template: of its functions those that the stack uses. */

interface Template {
  readonly Conditions?: Record<string, unknown>;
  readonly Mappings?: Record<string, Record<string, Record<string, unknown>>>;
}

/**
 * @param known what `Ref` gives: of pseudo parameters and of parameters
 * @throws where the value needs anything that isn't known
 */
export function evaluated(value: unknown, template: Template, known: Readonly<Record<string, string>>): unknown {
  const of = (one: unknown) => evaluated(one, template, known);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(of);
  const [[name, given] = []] = Object.entries(value);
  const list = given as unknown[];
  switch (name) {
    case 'Ref':
      if (known[String(given)] === undefined) throw new Error(`nothing is known of ${given}`);
      return known[String(given)];
    case 'Condition':
      return of(template.Conditions?.[String(given)]);
    case 'Fn::Join':
      return (of(list[1]) as unknown[]).join(String(list[0]));
    case 'Fn::If':
      return of(of(template.Conditions?.[String(list[0])]) === true ? list[1] : list[2]);
    case 'Fn::Equals':
      return of(list[0]) === of(list[1]);
    case 'Fn::Or':
      return list.some((one) => of(one) === true);
    case 'Fn::FindInMap': {
      const [mapping, key, field] = list.map((one) => String(of(one)));
      const found = template.Mappings?.[mapping ?? '']?.[key ?? '']?.[field ?? ''];
      if (found === undefined) throw new Error(`the mapping ${mapping} has no ${key} ${field}`);
      return found;
    }
    default:
      throw new Error(`${name} is not known here`);
  }
}
