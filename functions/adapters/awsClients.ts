import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";

/** A call that hangs must not hold up a run or an agent: it fails, and is tried again by the SDK. */
const limits = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 2000, requestTimeout: 8000, throwOnRequestTimeout: true },
};

/** Endpoint, region and credentials come from the environment as usual (`AWS_ENDPOINT_URL_DYNAMODB`, …). */
export function createDynamoClient(config: DynamoDBClientConfig = {}): DynamoDBClient {
  return new DynamoDBClient({ ...limits, ...config });
}

/** A given endpoint is an emulator's, where bucket names are no host names. */
export function createS3Client(config: S3ClientConfig = {}): S3Client {
  const emulated = config.endpoint !== undefined || Boolean(process.env.AWS_ENDPOINT_URL_S3);
  return new S3Client({ ...limits, forcePathStyle: emulated, ...config });
}
