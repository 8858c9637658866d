/** Processor of tasks and functions, in the words of Lambda. */
export type Architecture = "arm64" | "x86_64";
