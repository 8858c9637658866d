/** AWS's list prices in US dollars, region us-east-1, as published when this was written: look again before you rely on them. */
export const pricesAsOf = "2025-06";

export const prices = {
  fargateArmVcpuHour: 0.03238,
  fargateArmGibHour: 0.00356,
  loadBalancerHour: 0.0225,
  loadBalancerCapacityUnitHour: 0.008,
  natGatewayHour: 0.045,
  natGatewayGb: 0.045,
  publicIpv4Hour: 0.005,
  dynamoWriteMillion: 0.625,
  dynamoReadMillion: 0.125,
  s3GetThousand: 0.0004,
  lambdaArmGbSecond: 0.0000133334,
  lambdaMillionCalls: 0.2,
  expressMillionRuns: 1,
  expressGbSecond: 0.00001667,
  logsGb: 0.5,
  metricMonth: 0.3,
  alarmMonth: 0.1,
  transferOutGb: 0.09,
} as const;

/** Pages that the prices are taken from. */
export const priceSources = [
  "https://aws.amazon.com/fargate/pricing/",
  "https://aws.amazon.com/elasticloadbalancing/pricing/",
  "https://aws.amazon.com/vpc/pricing/",
  "https://aws.amazon.com/dynamodb/pricing/on-demand/",
  "https://aws.amazon.com/s3/pricing/",
  "https://aws.amazon.com/lambda/pricing/",
  "https://aws.amazon.com/step-functions/pricing/",
  "https://aws.amazon.com/cloudwatch/pricing/",
  "https://aws.amazon.com/ec2/pricing/on-demand/",
];
