/** What API Gateway's HTTP API sends (payload 2.0), as far as we use it. */
interface ApiGatewayEvent {
  rawPath: string;
  rawQueryString?: string;
  headers?: Record<string, string | undefined>;
  body?: string;
  isBase64Encoded?: boolean;
  requestContext: { http: { method: string }; domainName?: string };
}

/** What a person sends: `aws lambda invoke --payload '{"method":"GET","path":"/backends"}'`. */
interface DirectEvent {
  method?: string;
  path: string;
  body?: unknown;
}

export type FetchEvent = ApiGatewayEvent | DirectEvent;

export interface FetchResult {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
}

type Fetch = (request: Request) => Response | Promise<Response>;

/** Lets a web application answer API Gateway's events, and those of people who invoke the function themselves. */
export function fetchEvents(fetch: Fetch): (event: FetchEvent) => Promise<FetchResult> {
  return async (event) => {
    const response = await fetch("rawPath" in event ? fromApiGateway(event) : fromPerson(event));
    return {
      statusCode: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    };
  };
}

function fromApiGateway(event: ApiGatewayEvent): Request {
  const { method } = event.requestContext.http;
  const query = event.rawQueryString ? `?${event.rawQueryString}` : "";
  const host = event.requestContext.domainName ?? "localhost";
  const headers = new Headers();
  for (const [name, value] of Object.entries(event.headers ?? {})) {
    if (value !== undefined) headers.set(name, value);
  }
  const body =
    event.body !== undefined && event.isBase64Encoded ? Buffer.from(event.body, "base64") : event.body;
  return new Request(`https://${host}${event.rawPath}${query}`, {
    method,
    headers,
    body: ["GET", "HEAD"].includes(method) ? undefined : body,
  });
}

function fromPerson({ method = "GET", path, body }: DirectEvent): Request {
  return new Request(new URL(path, "https://localhost"), {
    method,
    headers: { "content-type": "application/json" },
    body: body === undefined || method === "GET" ? undefined : JSON.stringify(body),
  });
}
