import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface PrivateBucketArgs {
  /** `pulumi destroy` empties the bucket first. Off in production. */
  emptyOnDestroy: boolean;
  versioned: boolean;
  /** Days after which an object that was replaced or deleted goes for good. */
  oldVersionDays?: number;
  /** Days after which any object goes. */
  objectDays?: number;
  /** Further statements of the bucket policy, made from the bucket's ARN. */
  allow?: (bucketArn: pulumi.Output<string>) => pulumi.Input<aws.iam.PolicyStatement>[];
}

/** A bucket that nobody reaches from outside or without TLS, encrypted, without ACLs. */
export class PrivateBucket extends pulumi.ComponentResource {
  readonly bucket: aws.s3.Bucket;
  readonly bucketName: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;
  /** What users of the bucket must wait for. */
  readonly policy: aws.s3.BucketPolicy;

  constructor(name: string, args: PrivateBucketArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gateway:infra:PrivateBucket", name, {}, opts);
    this.bucket = new aws.s3.Bucket(name, { forceDestroy: args.emptyOnDestroy }, { parent: this });
    this.bucketName = this.bucket.bucket;
    this.arn = this.bucket.arn;
    const closed = close(name, this.bucket, this);
    encrypt(name, this.bucket, this);
    if (args.versioned) keepVersions(name, this.bucket, this);
    expire(name, args, this.bucket, this);
    this.policy = refusePlainHttp(name, args, this.bucket, closed, this);
    this.registerOutputs({ bucketName: this.bucketName, arn: this.arn });
  }
}

function close(name: string, bucket: aws.s3.Bucket, parent: PrivateBucket): aws.s3.BucketPublicAccessBlock {
  new aws.s3.BucketOwnershipControls(
    name,
    { bucket: bucket.id, rule: { objectOwnership: "BucketOwnerEnforced" } },
    { parent },
  );
  return new aws.s3.BucketPublicAccessBlock(
    name,
    {
      bucket: bucket.id,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    },
    { parent },
  );
}

function encrypt(name: string, bucket: aws.s3.Bucket, parent: PrivateBucket): void {
  new aws.s3.BucketServerSideEncryptionConfiguration(
    name,
    { bucket: bucket.id, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }] },
    { parent },
  );
}

function keepVersions(name: string, bucket: aws.s3.Bucket, parent: PrivateBucket): void {
  new aws.s3.BucketVersioning(
    name,
    { bucket: bucket.id, versioningConfiguration: { status: "Enabled" } },
    { parent },
  );
}

function expire(name: string, args: PrivateBucketArgs, bucket: aws.s3.Bucket, parent: PrivateBucket): void {
  new aws.s3.BucketLifecycleConfiguration(
    name,
    {
      bucket: bucket.id,
      rules: [
        {
          id: "expire",
          status: "Enabled",
          filter: { prefix: "" },
          abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
          ...(args.objectDays && { expiration: { days: args.objectDays } }),
          ...(args.oldVersionDays && {
            noncurrentVersionExpiration: { noncurrentDays: args.oldVersionDays },
          }),
        },
      ],
    },
    { parent },
  );
}

function refusePlainHttp(
  name: string,
  args: PrivateBucketArgs,
  bucket: aws.s3.Bucket,
  closed: aws.s3.BucketPublicAccessBlock,
  parent: PrivateBucket,
): aws.s3.BucketPolicy {
  const policy = pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "TlsOnly",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: [bucket.arn, pulumi.interpolate`${bucket.arn}/*`],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
      ...(args.allow?.(bucket.arn) ?? []),
    ],
  });
  // S3 refuses two changes of a bucket's policy and access block at the same time.
  return new aws.s3.BucketPolicy(name, { bucket: bucket.id, policy }, { parent, dependsOn: [closed] });
}
