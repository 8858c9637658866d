/** What the proxy promises, and by which tests it is shown. */
export interface Promised {
  /** P0 holds in every release, P1 is wanted in each. */
  priority: "P0" | "P1";
  promise: string;
  /** By test file (below tests/, without its ending): parts of titles. Each test whose full title holds the part is meant. */
  shownBy: Record<string, string[]>;
  /** Why it does not hold yet; then it needs no tests. */
  open?: string;
}

export interface Area {
  title: string;
  promises: Promised[];
}

/** The file that a name of `shownBy` stands for. */
export const fileOf = (name: string): string => `tests/${name}.test.ts`;
