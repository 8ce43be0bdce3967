/**
 * Replaces, in the functions' bundles, the SDK's chain of credential providers (tools/build/options.mjs): Lambda
 * hands the role's credentials over by the environment, so profiles, SSO, web identity and instance metadata would only
 * be loaded at each cold start, about 90 kB of them.
 */
export { fromEnv as defaultProvider } from '@aws-sdk/credential-providers';
