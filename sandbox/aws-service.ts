/** A pretend AWS service: a typed handler for each command, faults on request, and a count of the calls. */

/** The class of an SDK command, as far as its types go. */
export type CommandClass<Input, Output> = abstract new (
  input: never,
) => {
  readonly input: Input;
  resolveMiddleware(stack: never, configuration: never, options: never): (args: never) => Promise<{ output: Output }>;
};

/** The SDK's base class for a service's exceptions. */
type ExceptionClass = new (options: {
  readonly name: string;
  readonly message: string;
  readonly $fault: 'client' | 'server';
  readonly $metadata: { readonly httpStatusCode: number };
}) => Error;

type Handler = (input: never) => object | Promise<object>;

interface Fault {
  readonly error: Error;
  left: number;
}

export class Service {
  /** As far as it is a client: it tries nothing twice. */
  readonly sentOnce = true;
  /** Calls so far, failed ones too, by command, e.g. `DescribeInstancesCommand`. */
  readonly calls = new Map<string, number>();
  readonly #exception: ExceptionClass;
  readonly #handlers = new Map<unknown, Handler>();
  readonly #faults = new Map<unknown, Fault>();

  constructor(exception: ExceptionClass) {
    this.#exception = exception;
  }

  /** Registers a command's handler. `$metadata` is added to its answer. */
  on<Input, Output>(
    command: CommandClass<Input, Output>,
    answer: (input: Input) => Omit<Output, '$metadata'> | Promise<Omit<Output, '$metadata'>>,
  ): void {
    this.#handlers.set(command, answer as Handler);
  }

  answers(command: unknown): boolean {
    return this.#handlers.has(command);
  }

  /** Makes the next calls of a command fail. */
  fail(command: CommandClass<unknown, unknown>, error: Error, times: number): void {
    this.#faults.set(command, { error, left: times });
  }

  /** Makes an exception as the SDK throws it. */
  error(code: string, message: string): Error {
    const $fault = /Internal|Unavailable/.test(code) ? 'server' : 'client';
    const httpStatusCode = $fault === 'server' ? 500 : 400;
    return new this.#exception({ name: code, message, $fault, $metadata: { httpStatusCode } });
  }

  /** Refuses a call for the first id that is in `denied`, in IAM's words. */
  authorize(code: string, action: string, ids: readonly string[], denied: ReadonlySet<string>): void {
    const id = ids.find((each) => denied.has(each));
    if (id === undefined) return;
    const arn = `arn:aws:ec2:eu-central-1:123456789012:instance/${id}`;
    throw this.error(code, `not authorized to perform: ${action} on resource: ${arn} with an explicit deny`);
  }

  /** Stands in for an SDK client's `send`. */
  readonly send = async <Output>(command: { readonly input: object }, options?: object): Promise<Output> => {
    const { name } = command.constructor;
    this.calls.set(name, (this.calls.get(name) ?? 0) + 1);
    const signal = options !== undefined && 'abortSignal' in options ? options.abortSignal : undefined;
    if (signal instanceof AbortSignal && signal.aborted) {
      throw Object.assign(new Error('Request aborted'), { name: 'AbortError' });
    }
    const fault = this.#faults.get(command.constructor);
    if (fault !== undefined && fault.left > 0) {
      fault.left -= 1;
      throw fault.error;
    }
    const handler = this.#handlers.get(command.constructor);
    if (handler === undefined) throw this.error('UnknownOperationException', `the sandbox has no ${name}`);
    return { ...(await handler(command.input as never)), $metadata: { httpStatusCode: 200 } } as Output;
  };

  /** One page of a list, and the token of the next. */
  page<T>(items: readonly T[], token: string | undefined, size: number): { items: T[]; next: string | undefined } {
    const from = token === undefined ? 0 : Number(/^page:(\d+)$/.exec(token)?.[1] ?? Number.NaN);
    if (Number.isNaN(from)) throw this.error('InvalidNextToken', `The token ${token} is not valid.`);
    const next = from + size < items.length ? `page:${from + size}` : undefined;
    return { items: items.slice(from, from + size), next };
  }
}

/** A pretend service in the place of its client, which the SDK's paginators know by its class. */
export function serviceFor<Client extends object>(
  client: { readonly prototype: Client },
  exception: ExceptionClass,
): Service & Client {
  const methods = Object.getOwnPropertyDescriptors(Service.prototype);
  return Object.setPrototypeOf(new Service(exception), Object.create(client.prototype, methods));
}
