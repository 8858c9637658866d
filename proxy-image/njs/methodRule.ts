/** Answers are remembered for this many names: clients choose the names. */
const mostRemembered = 500;

/**
 * Says whether a method may be served: not matched by `blocked`, or matched by `allowed`. `*` stands for anything. There are nodes that
 * trim names or take them in any case, so neither gets a method past its pattern.
 */
export function methodRule(blocked: string[], allowed: string[]): (method: string) => boolean {
  const isBlocked = matcher(blocked);
  const isOpened = matcher(allowed);
  const remembered = new Map<string, boolean>();
  return (method) => {
    const known = remembered.get(method);
    if (known !== undefined) return known;
    const answer = !oddName.test(method) && (!isBlocked(method) || isOpened(method));
    if (remembered.size < mostRemembered) remembered.set(method, answer);
    return answer;
  };
}

/** White space, control characters, or what is not ASCII: no method has them. */
const oddName = /[^!-~]/;

function matcher(patterns: string[]): (method: string) => boolean {
  if (patterns.length === 0) return () => false;
  const source = patterns.map((pattern) => pattern.replaceAll("*", ".*")).join("|");
  const regex = new RegExp(`^(?:${source})$`, "i");
  return (method) => regex.test(method);
}
