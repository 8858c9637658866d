/** What a caller's key allows. An absent list allows all. */
export interface KeyRules {
  /** Shown in logs and metrics. Several keys may share one, as while a key is exchanged. */
  name: string;
  /** Names of the networks that it opens. */
  networks?: string[];
  /** Calls a second, on one task; absent: what the settings say. */
  ratePerSecond?: number;
  /** Calls at once after a rest; absent: what the settings say. */
  burst?: number;
  /** ISO 8601 instant from which on it is unknown. */
  expiresAt?: string;
  /** Web origins it may be used from; with such a list a request without `Origin` is refused. */
  origins?: string[];
  /** Methods it may call, `*` as wildcard. They must be served here anyway. */
  methods?: string[];
}

/** A key as the registry knows it. Its text is known to nobody but its holder. */
export interface ApiKey extends KeyRules {
  /** `k` and 16 hex digits. */
  id: string;
  /** See `keyHash`. */
  hash: string;
  /** ISO 8601 instant. */
  whenCreated: string;
}
