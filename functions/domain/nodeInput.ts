/** One thing wrong with what somebody gave us: which field, and why. Never quotes a secret. */
export interface Problem {
  field: string;
  message: string;
}

const maxHeaders = 20;
const maxHeaderValueLength = 4096;
const maxNameLength = 64;

/** Headers that belong to the proxy or to one hop (RFC 9110 §7.6.1): a node's registration can't set them. */
const reservedHeaders = new Set([
  "accept-encoding",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "expect",
  "host",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const headerName = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
/** Printable ASCII but what means something in an nginx configuration: quotes, `$`, `;`, braces, backslash. */
const headerValue =
  /^[!#%&()*+,\-./0-9:<=>?@A-Z[\]^_a-z|~]([ !#%&()*+,\-./0-9:<=>?@A-Z[\]^_a-z|~]*[!#%&()*+,\-./0-9:<=>?@A-Z[\]^_a-z|~])?$/;

/** Problems of the extra headers that a node's requests carry; none when they are fine. */
export function headerProblems(headers: Record<string, string>): Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  const entries = Object.entries(headers);
  if (entries.length > maxHeaders) problems.push({ field: "headers", message: `more than ${maxHeaders}` });
  for (const [name, value] of entries.slice(0, maxHeaders)) {
    const lower = name.toLowerCase();
    const problem = headerProblem(name, value, seen.has(lower));
    if (problem) problems.push({ field: "headers", message: problem });
    seen.add(lower);
  }
  return problems;
}

function headerProblem(name: string, value: string, repeated: boolean): string | undefined {
  if (!headerName.test(name)) return "a header name may have letters, digits, - and _ only, at most 64";
  if (reservedHeaders.has(name.toLowerCase())) return `${name} is set by the proxy`;
  if (repeated) return `${name} is given twice`;
  if (value.length > maxHeaderValueLength) return `${name} is longer than ${maxHeaderValueLength} characters`;
  if (!headerValue.test(value)) {
    return `${name} has a value with characters that are not allowed: printable ASCII without quotes, $ ; { } \\ and outer spaces`;
  }
  return undefined;
}

/** Problem of a node's display name; undefined when it is fine. Any script, no control or format characters. */
export function nameProblem(name: string): string | undefined {
  if (name.length === 0 || [...name].length > maxNameLength)
    return `must have 1 to ${maxNameLength} characters`;
  if (!/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u.test(name)) return "has a character that can't be shown";
  if (name !== name.trim()) return "starts or ends with a space";
  return undefined;
}
