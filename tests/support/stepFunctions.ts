// aws-local-stepfunctions needs what Node has since 22.
if (!("withResolvers" in Promise)) {
  Object.defineProperty(Promise, "withResolvers", {
    value: <T>() => {
      let resolve!: (value: T) => void;
      let reject!: (reason: unknown) => void;
      const promise = new Promise<T>((yes, no) => {
        resolve = yes;
        reject = no;
      });
      return { promise, resolve, reject };
    },
  });
}

type Module = typeof import("aws-local-stepfunctions");
export const { StateMachine } = require("aws-local-stepfunctions") as Module;
export type JSONValue = Parameters<InstanceType<Module["StateMachine"]>["run"]>[0];
export type WorkflowRun = ReturnType<InstanceType<Module["StateMachine"]>["run"]>;
