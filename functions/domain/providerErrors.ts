/** What an error from a node means for the call and for the node. Where several match, the first of this list counts. */
const errorClasses = [
  "own",
  "alreadyKnown",
  "caller",
  "rangeTooWide",
  "missingData",
  "outOfCredit",
  "limited",
  "refused",
  "unsupported",
  "trouble",
] as const;
export type ErrorClass = (typeof errorClasses)[number];

interface ErrorRow {
  class: ErrorClass;
  /** Parts of messages, lower case. */
  texts: string[];
  codes: number[];
  statuses: number[];
}

/**
 * The provider-error table: texts, JSON-RPC codes and HTTP statuses as providers send them. A text says more than a code, and
 * a code more than a status, so texts are looked for in all rows first.
 */
export const providerErrors: ErrorRow[] = [
  {
    class: "own",
    texts: ["execution reverted", "vm exception", "out of gas", "gas required exceeds", "stack limit"],
    codes: [3],
    statuses: [],
  },
  {
    class: "alreadyKnown",
    texts: ["already known", "known transaction", "already imported"],
    codes: [],
    statuses: [],
  },
  {
    class: "caller",
    texts: [
      "invalid argument",
      "missing value for required argument",
      "cannot unmarshal",
      "insufficient funds",
      "nonce too low",
      "nonce too high",
      "replacement transaction underpriced",
      "intrinsic gas too low",
      "max fee per gas less than block base fee",
      "exceeds block gas limit",
      "filter not found",
    ],
    codes: [-32600, -32602],
    statuses: [],
  },
  {
    class: "rangeTooWide",
    texts: ["block range", "query returned more than", "too many results", "response size exceeded"],
    codes: [],
    statuses: [],
  },
  {
    class: "missingData",
    texts: [
      "missing trie node",
      "header not found",
      "block not found",
      "unknown block",
      "no state available",
      "historical state",
      "pruned",
      "state already discarded",
      "transaction not found",
    ],
    codes: [],
    statuses: [],
  },
  {
    class: "outOfCredit",
    texts: ["monthly capacity", "billing", "upgrade your plan"],
    codes: [],
    statuses: [402],
  },
  {
    class: "limited",
    texts: ["rate limit", "limit exceeded", "too many requests", "request count exceeded", "quota"],
    codes: [-32005, -32029],
    statuses: [429],
  },
  {
    class: "refused",
    texts: ["invalid api key", "key is inactive", "unauthorized", "project id"],
    codes: [],
    statuses: [401, 403],
  },
  {
    class: "unsupported",
    texts: ["not supported", "not available", "not whitelisted", "unsupported method"],
    codes: [-32601, -32004],
    statuses: [],
  },
  {
    class: "trouble",
    texts: ["execution timeout", "request timed out", "context deadline exceeded", "internal error"],
    codes: [-32603],
    statuses: [],
  },
];

/** How a node put an error. */
export interface NodeError {
  code?: number;
  message: string;
  /** HTTP status it came with, when that was not 200. */
  status?: number;
}

/** What a node's error means, and how far that can be believed. */
export interface Judgement {
  class: ErrorClass;
  /** A text of the table said so (else a code or status did, or nothing). */
  byText: boolean;
  /** The HTTP status says the same. Texts quote what the caller sent, so a caller can bring about any of them. */
  byStatus: boolean;
}

const longestMessage = 2_000;

/** Finds a node's error in the table. An error that is not there is `trouble`: another node is asked. */
export function classifyError({ code, message, status }: NodeError): Judgement {
  const text = message.slice(0, longestMessage).toLowerCase();
  const statusClass = classifyStatus(status);
  const judge = (found: ErrorClass, byText: boolean) => ({
    class: found,
    byText,
    byStatus: found === statusClass,
  });
  for (const row of providerErrors) {
    if (row.texts.some((part) => text.includes(part))) return judge(row.class, true);
  }
  const byCode = providerErrors.find((row) => code !== undefined && row.codes.includes(code));
  // A status such as 429 or 403 says more than the catch-all codes.
  if (byCode && byCode.class !== "trouble") return judge(byCode.class, false);
  return judge(statusClass ?? "trouble", false);
}

/** The class that an HTTP status alone says; undefined for those that say nothing. */
export function classifyStatus(status: number | undefined): ErrorClass | undefined {
  if (status === undefined) return undefined;
  return providerErrors.find((row) => row.statuses.includes(status))?.class;
}
