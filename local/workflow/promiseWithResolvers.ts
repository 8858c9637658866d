/**
 * `Promise.withResolvers` for Node.js 20, which lacks it and which the interpreter needs.
 * @see https://tc39.es/ecma262/#sec-promise.withResolvers
 */
const promise = Promise as unknown as { withResolvers?: unknown };

promise.withResolvers ??= function withResolvers<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const created = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise: created, resolve, reject };
};
