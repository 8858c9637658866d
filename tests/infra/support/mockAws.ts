/** Answers of an AWS account that exists in these tests only. */
export const region = "eu-west-1";
export const account = "123456789012";

type Properties = Record<string, unknown>;

/** What AWS would add to a resource's inputs: an id, an ARN, generated names. */
export function answerResource(
  type: string,
  name: string,
  inputs: Properties,
): { id: string; state: Properties } {
  const make = outputs[type];
  const [, service = "aws"] = /^aws:([a-z0-9]+)\//.exec(type) ?? [];
  const arn = `arn:aws:${service}:${region}:${account}:${name}`;
  const state = { arn, name: inputs.name ?? name, ...inputs, ...make?.(name, inputs) };
  return { id: (state as { id?: string }).id ?? `${name}-id`, state };
}

const outputs: Record<string, (name: string, inputs: Properties) => Properties> = {
  "aws:s3/bucket:Bucket": (name) => ({ id: name, bucket: name, arn: `arn:aws:s3:::${name}` }),
  "aws:dynamodb/table:Table": (name) => ({
    arn: `arn:aws:dynamodb:${region}:${account}:table/${name}`,
  }),
  "aws:iam/role:Role": (name) => ({ id: name, arn: `arn:aws:iam::${account}:role/${name}` }),
  "aws:cloudwatch/logGroup:LogGroup": (name, inputs) => ({
    name: inputs.name ?? name,
    arn: `arn:aws:logs:${region}:${account}:log-group:${inputs.name ?? name}`,
  }),
  "aws:ecs/cluster:Cluster": (name) => ({ arn: `arn:aws:ecs:${region}:${account}:cluster/${name}` }),
  "aws:ecs/service:Service": (name) => ({ id: `arn:aws:ecs:${region}:${account}:service/cluster/${name}` }),
  "aws:ecs/taskDefinition:TaskDefinition": (name) => ({
    arn: `arn:aws:ecs:${region}:${account}:task-definition/${name}:1`,
  }),
  "aws:lb/targetGroup:TargetGroup": (name) => ({
    arn: `arn:aws:elasticloadbalancing:${region}:${account}:targetgroup/${name}/0`,
    arnSuffix: `targetgroup/${name}/0`,
  }),
  "aws:lb/loadBalancer:LoadBalancer": (name) => ({
    arn: `arn:aws:elasticloadbalancing:${region}:${account}:loadbalancer/app/${name}/0`,
    arnSuffix: `app/${name}/0`,
    dnsName: `${name}.elb.example`,
    zoneId: "ZELB",
  }),
  "aws:lambda/callbackFunction:CallbackFunction": lambdaOutputs,
  "aws:lambda/function:Function": lambdaOutputs,
  "aws:sfn/stateMachine:StateMachine": (name) => ({
    arn: `arn:aws:states:${region}:${account}:stateMachine:${name}`,
  }),
  "aws:secretsmanager/secret:Secret": (name) => ({
    arn: `arn:aws:secretsmanager:${region}:${account}:secret:${name}`,
  }),
  "aws:secretsmanager/secretVersion:SecretVersion": () => ({ versionId: "version-1" }),
  "aws:apigatewayv2/api:Api": (name) => ({
    executionArn: `arn:aws:execute-api:${region}:${account}:${name}`,
  }),
  "aws:apigatewayv2/stage:Stage": () => ({ invokeUrl: "https://admin.example/" }),
  "aws:acm/certificate:Certificate": (name, inputs) => ({
    arn: `arn:aws:acm:${String(inputs.region ?? region)}:${account}:certificate/${name}`,
    domainValidationOptions: [inputs.domainName, ...((inputs.subjectAlternativeNames as string[]) ?? [])].map(
      (domainName) => ({
        domainName,
        resourceRecordName: `_proof.${String(domainName)}`,
        resourceRecordType: "CNAME",
        resourceRecordValue: "proof.acm.example",
      }),
    ),
  }),
  "aws:route53/record:Record": (_name, inputs) => ({ fqdn: inputs.name }),
  "aws:cloudfront/distribution:Distribution": () => ({
    domainName: "d1.cloudfront.example",
    hostedZoneId: "ZCLOUDFRONT",
  }),
  "awsx:ec2:Vpc": () => ({
    vpcId: "vpc-made",
    privateSubnetIds: ["subnet-private-1", "subnet-private-2"],
    publicSubnetIds: ["subnet-public-1", "subnet-public-2"],
    routeTables: [{ id: "rtb-1" }, { id: "rtb-2" }],
  }),
  "awsx:ecr:Repository": (name) => ({
    url: `${account}.dkr.ecr.${region}.amazonaws.com/${name}`,
    repository: { arn: `arn:aws:ecr:${region}:${account}:repository/${name}` },
  }),
  "awsx:ecr:Image": (name) => ({
    imageUri: `${account}.dkr.ecr.${region}.amazonaws.com/${name}@sha256:0`,
  }),
};

function lambdaOutputs(name: string): Properties {
  const arn = `arn:aws:lambda:${region}:${account}:function:${name}`;
  return {
    arn,
    invokeArn: `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${arn}/invocations`,
  };
}

/** Look-ups of what is in the account already. */
export function answerCall(token: string, inputs: Properties): Properties {
  switch (token) {
    case "aws:dynamodb/getTable:getTable":
      return { ...inputs, arn: `arn:aws:dynamodb:${region}:${account}:table/${String(inputs.name)}` };
    case "aws:lb/getListener:getListener":
      return {
        ...inputs,
        loadBalancerArn: `arn:aws:elasticloadbalancing:${region}:${account}:loadbalancer/app/given/0`,
      };
    case "aws:lb/getLoadBalancer:getLoadBalancer":
      return { ...inputs, arnSuffix: "app/given/0", dnsName: "given.elb.example", zoneId: "ZELB" };
    case "aws:ec2/getManagedPrefixList:getManagedPrefixList":
      return { ...inputs, id: "pl-cloudfront", entries: [{ cidr: "120.52.22.96/27", description: "" }] };
    case "aws:ec2/getVpc:getVpc":
      return { ...inputs, cidrBlockAssociations: [{ cidrBlock: "10.7.0.0/16", state: "associated" }] };
    case "aws:index/getCallerIdentity:getCallerIdentity":
      return { accountId: account };
    default:
      throw new Error(`Nobody said what ${token} answers.`);
  }
}
