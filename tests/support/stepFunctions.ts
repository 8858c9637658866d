import "../../local/workflow/promiseWithResolvers";

type Module = typeof import("aws-local-stepfunctions");
export const { StateMachine } = require("aws-local-stepfunctions") as Module;
export type JSONValue = Parameters<InstanceType<Module["StateMachine"]>["run"]>[0];
export type WorkflowRun = ReturnType<InstanceType<Module["StateMachine"]>["run"]>;
