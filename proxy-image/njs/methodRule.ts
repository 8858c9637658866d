export type MethodRule = (method: string) => boolean;

/** Answers are remembered for this many names: clients choose the names. */
const mostRemembered = 500;

/**
 * Says whether a method may be served: not matched by `blocked`, or matched by `allowed`. `*` stands for anything. There are nodes that
 * trim names or take them in any case, so neither gets a method past its pattern.
 */
export function methodRule(blocked: string[], allowed: string[]): MethodRule {
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

/** The same where networks have the same patterns, as most have: it is the same object then. */
export function sharedRules(): typeof methodRule {
  const known = new Map<string, MethodRule>();
  return (blocked, allowed) => {
    const name = JSON.stringify([blocked, allowed]);
    let rule = known.get(name);
    if (rule === undefined) {
      rule = methodRule(blocked, allowed);
      known.set(name, rule);
    }
    return rule;
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
