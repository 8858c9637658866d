/**
 * `Promise.withResolvers` for Node.js 20, which lacks it and which the interpreter needs.
 * @see https://tc39.es/ecma262/#sec-promise.withResolvers
 */
const constructor = Promise as unknown as { withResolvers?: unknown };

constructor.withResolvers ??= function withResolvers<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
};
