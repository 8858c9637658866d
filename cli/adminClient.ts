import { isApiGateway, type Sign } from "./signer";

/** Something the operator has to know; shown as one line. */
export class CliError extends Error {
  override readonly name = "CliError";
}

/** What was asked for is not (or no longer) there, or the URL is not an admin API's. */
export class NotFoundError extends CliError {}

export interface AdminClientOptions {
  /** Of the admin API. */
  url: string;
  /** Value of `x-api-key`, where the stack asks for one. */
  apiKey?: string;
  sign?: Sign;
}

const limitMs = 30_000;

/** Calls the admin API: on this machine as it is, on AWS with a signature or a key. */
export class AdminClient {
  readonly #base: URL;

  constructor(private readonly options: AdminClientOptions) {
    if (!URL.canParse(options.url)) throw new CliError("The admin API's URL is not a URL.");
    this.#base = new URL(options.url.endsWith("/") ? options.url : `${options.url}/`);
    const isSafe = this.#base.protocol === "https:" || !isApiGateway(this.#base.hostname);
    if (!isSafe) throw new CliError("An API on AWS is only spoken to with https.");
  }

  get<T>(path: string): Promise<T> {
    return this.#call<T>("GET", path);
  }
  post<T>(path: string, body?: object): Promise<T> {
    return this.#call<T>("POST", path, body ?? {});
  }
  patch<T>(path: string, body: object): Promise<T> {
    return this.#call<T>("PATCH", path, body);
  }
  delete(path: string): Promise<void> {
    return this.#call("DELETE", path);
  }

  /** Any call, its answer as it is. @throws CliError when there is none */
  async send(method: string, path: string, body?: string): Promise<Response> {
    const url = new URL(path.replace(/^\/+/, ""), this.#base);
    const headers: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
    if (this.options.apiKey) headers["x-api-key"] = this.options.apiKey;
    const signed = this.options.sign ? await this.options.sign({ method, url, headers, body }) : headers;
    const signal = AbortSignal.timeout(limitMs);
    try {
      return await fetch(url, { method, headers: signed, body, signal, redirect: "error" });
    } catch (error) {
      const cause = (error as { cause?: { code?: string; message?: string } }).cause;
      const reason = cause?.code ?? cause?.message ?? (error as Error).name;
      throw new CliError(`The admin API at ${this.#base.origin} does not answer (${reason}). Does it run?`);
    }
  }

  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await this.send(method, path, body && JSON.stringify(body));
    const text = await response.text();
    if (response.ok) return (text === "" ? undefined : JSON.parse(text)) as T;
    if (response.status === 404) throw new NotFoundError(`There is no /${path} at this admin API.`);
    throw new CliError(refusal(response.status, text));
  }
}

interface Refusal {
  error?: string;
  message?: string;
  details?: { field: string; message: string }[];
}

function refusal(status: number, text: string): string {
  try {
    const { error, message, details } = JSON.parse(text) as Refusal;
    if (details) return details.map((one) => `${one.field} ${one.message}`).join("; ");
    if (status === 403) return `The admin API lets you not in: ${message ?? error}.`;
    return message ?? error ?? `The admin API answered ${status}.`;
  } catch {
    return `The admin API answered ${status}.`;
  }
}
