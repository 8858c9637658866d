import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { GatewayFunction } from "./gatewayFunction";

export interface AdminApiArgs {
  /** Handles every call; also invokable directly. */
  admin: GatewayFunction<unknown, unknown>;
  /** Checks `x-api-key`. Not given: callers sign with AWS credentials. */
  authorizer?: GatewayFunction<unknown, unknown>;
  logRetentionDays: number;
}

/** People and scripts, not traffic. */
const requestsPerSecond = 20;
const burst = 40;

/** The admin API behind API Gateway: nobody gets in without AWS credentials or the key. */
export class AdminApi extends pulumi.ComponentResource {
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: AdminApiArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gateway:infra:AdminApi", name, {}, opts);
    const api = new aws.apigatewayv2.Api(`${name}`, { protocolType: "HTTP" }, { parent: this });
    const integration = new aws.apigatewayv2.Integration(
      name,
      {
        apiId: api.id,
        integrationType: "AWS_PROXY",
        integrationUri: args.admin.arn,
        payloadFormatVersion: "2.0",
        timeoutMilliseconds: 29_000,
      },
      { parent: this },
    );
    new aws.apigatewayv2.Route(
      name,
      {
        apiId: api.id,
        routeKey: "$default",
        target: pulumi.interpolate`integrations/${integration.id}`,
        ...(args.authorizer ? askForKey(name, api, args.authorizer, this) : { authorizationType: "AWS_IAM" }),
      },
      { parent: this },
    );
    const stage = makeStage(name, api, args, this);
    allowInvoke(`${name}-admin`, api, args.admin, this);
    this.url = stage.invokeUrl;
    this.registerOutputs({ url: this.url });
  }
}

function makeStage(
  name: string,
  api: aws.apigatewayv2.Api,
  args: AdminApiArgs,
  parent: AdminApi,
): aws.apigatewayv2.Stage {
  const logGroup = new aws.cloudwatch.LogGroup(name, { retentionInDays: args.logRetentionDays }, { parent });
  return new aws.apigatewayv2.Stage(
    name,
    {
      apiId: api.id,
      name: "$default",
      autoDeploy: true,
      defaultRouteSettings: { throttlingRateLimit: requestsPerSecond, throttlingBurstLimit: burst },
      accessLogSettings: {
        destinationArn: logGroup.arn,
        format: JSON.stringify({
          time: "$context.requestTime",
          requestId: "$context.requestId",
          caller: "$context.identity.caller",
          sourceIp: "$context.identity.sourceIp",
          method: "$context.httpMethod",
          path: "$context.path",
          status: "$context.status",
          latencyMs: "$context.responseLatency",
          error: "$context.error.message",
        }),
      },
    },
    { parent },
  );
}

function askForKey(
  name: string,
  api: aws.apigatewayv2.Api,
  authorizerFunction: GatewayFunction<unknown, unknown>,
  parent: AdminApi,
) {
  const authorizer = new aws.apigatewayv2.Authorizer(
    name,
    {
      apiId: api.id,
      authorizerType: "REQUEST",
      authorizerUri: authorizerFunction.lambda.invokeArn,
      authorizerPayloadFormatVersion: "2.0",
      enableSimpleResponses: true,
      identitySources: ["$request.header.x-api-key"],
      authorizerResultTtlInSeconds: 60,
    },
    { parent },
  );
  allowInvoke(`${name}-authorizer`, api, authorizerFunction, parent);
  return { authorizationType: "CUSTOM", authorizerId: authorizer.id };
}

function allowInvoke(
  name: string,
  api: aws.apigatewayv2.Api,
  target: GatewayFunction<unknown, unknown>,
  parent: AdminApi,
): void {
  new aws.lambda.Permission(
    name,
    {
      action: "lambda:InvokeFunction",
      function: target.functionName,
      principal: "apigateway.amazonaws.com",
      sourceArn: pulumi.interpolate`${api.executionArn}/*`,
    },
    { parent },
  );
}
