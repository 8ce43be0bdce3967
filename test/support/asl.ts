/**
 * Runs a state machine's definition in order, with the same JSON between its steps: of Amazon States Language just what
 * ours uses, and an error for anything else. Notes the largest payload that passed.
 */

export interface AslWorld {
  /** Lambda: what the payload gives. A rejection's `name` is the error that Retry and Catch see. */
  invoke(functionArn: string, payload: unknown): Promise<unknown>;
  /** S3: the text of an object. */
  read(bucket: string, key: string): Promise<string>;
  readonly executionName: string;
  /** Waits before a retry. @default no wait at all */
  wait?(seconds: number): Promise<void>;
}

export interface AslRun {
  readonly output: unknown;
  /** States in the order they were entered; those within the map not among them. */
  readonly entered: readonly string[];
  /** Bytes of JSON: the largest input or result of any state, children's too. */
  readonly largestPayload: number;
}

// biome-ignore lint/suspicious/noExplicitAny: a definition is JSON of any shape.
type State = any;
type Machine = { readonly StartAt: string; readonly States: Record<string, State> };

export async function runStateMachine(definition: object, input: unknown, world: AslWorld): Promise<AslRun> {
  const entered: string[] = [];
  let largestPayload = 0;
  const pass = (value: unknown): unknown => {
    largestPayload = Math.max(largestPayload, Buffer.byteLength(JSON.stringify(value) ?? ''));
    return value;
  };

  async function run(machine: Machine, given: unknown, context: Record<string, unknown>, top: boolean) {
    let data = pass(given);
    for (let name: string | null = machine.StartAt; name !== null; ) {
      const state: State = machine.States[name];
      if (top) entered.push(name);
      if (state.Type === 'Succeed') return data;
      if (state.Type === 'Choice') {
        const hit = state.Choices.find(
          (choice: State) => choice.IsNull === (select(choice.Variable, data, context) === null),
        );
        name = (hit ?? { Next: state.Default }).Next as string;
        continue;
      }
      try {
        const result = pass(await retried(state, () => work(state, data, context), world));
        if (state.ResultPath !== null) data = result;
      } catch (error) {
        const net = state.Catch?.find((one: State) => matches(one.ErrorEquals, error));
        if (net === undefined) throw error;
        if (net.ResultPath !== null) throw new Error('only a Catch that keeps its input is known here');
        name = net.Next as string;
        continue;
      }
      name = state.End === true ? null : (state.Next as string);
    }
    return data;
  }

  async function work(state: State, data: unknown, context: Record<string, unknown>): Promise<unknown> {
    if (state.Type === 'Task' && state.Resource === 'arn:aws:states:::lambda:invoke') {
      const payload = fill(state.Parameters.Payload, data, context);
      pass(payload);
      const answer = await world.invoke(state.Parameters.FunctionName, payload);
      // Lambda's own JSON: what has no JSON does not arrive.
      const Payload: unknown = JSON.parse(JSON.stringify(answer ?? null));
      return fill(state.ResultSelector, { Payload }, context);
    }
    if (state.Type === 'Map') {
      const { Bucket, Key } = fill(state.ItemReader.Parameters, data, context) as Record<string, string>;
      const items = JSON.parse(await world.read(String(Bucket), String(Key))) as unknown[];
      const children = items.map((Value) => {
        const inner = { ...context, Map: { Item: { Value } } };
        return run(state.ItemProcessor, fill(state.ItemSelector, data, inner), inner, false);
      });
      const settled = await Promise.allSettled(children);
      const failed = settled.filter(({ status }) => status === 'rejected').length;
      if (failed * 100 > state.ToleratedFailurePercentage * items.length)
        throw named('States.ExceedToleratedFailureThreshold');
      return settled.map((one) => (one.status === 'fulfilled' ? one.value : null));
    }
    throw new Error(`this runs no ${state.Type} ${state.Resource ?? ''}`);
  }

  const output = await run(definition as Machine, input, { Execution: { Name: world.executionName } }, true);
  return { output, entered, largestPayload };
}

/** Each retrier counts its own attempts. */
async function retried(state: State, call: () => Promise<unknown>, { wait }: AslWorld): Promise<unknown> {
  const attempts = new Map<State, number>();
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const retry = state.Retry?.find((one: State) => matches(one.ErrorEquals, error));
      const attempt = attempts.get(retry) ?? 0;
      if (retry === undefined || attempt >= retry.MaxAttempts) throw error;
      attempts.set(retry, attempt + 1);
      const grown = retry.IntervalSeconds * retry.BackoffRate ** attempt;
      const most = Math.min(grown, retry.MaxDelaySeconds ?? Number.POSITIVE_INFINITY);
      await wait?.(retry.JitterStrategy === 'FULL' ? Math.random() * most : most);
    }
  }
}

const matches = (names: readonly string[], error: unknown): boolean =>
  names.includes('States.ALL') || names.includes((error as Error).name);
const named = (name: string): Error => Object.assign(new Error(name), { name });

/** A payload template: keys that end in `.$` hold paths. */
function fill(template: unknown, data: unknown, context: Record<string, unknown>): unknown {
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) =>
      key.endsWith('.$') ? [key.slice(0, -2), select(String(value), data, context)] : [key, fill(value, data, context)],
    ),
  );
}

/** `$.a.b` of the data, `$$.a.b` of the context. A path that leads nowhere is an error, as in the service. */
function select(path: string, data: unknown, context: Record<string, unknown>): unknown {
  const [root, ...keys] = path.split('.');
  return keys.reduce<unknown>(
    (value, key) => {
      if (typeof value !== 'object' || value === null || !(key in value)) throw named('States.ParameterPathFailure');
      return (value as Record<string, unknown>)[key];
    },
    root === '$$' ? context : data,
  );
}
