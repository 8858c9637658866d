import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { Cluster } from "../../../infra/components/cluster";
import { PrivateBucket } from "../../../infra/components/privateBucket";
import { ProxyImage } from "../../../infra/components/proxyImage";
import { RegistryTable } from "../../../infra/components/registryTable";
import { recordStack } from "../support/recordStack";

describe("registry table", () => {
  const tableType = "aws:dynamodb/table:Table";
  const plain = {
    billingMode: "PAY_PER_REQUEST",
    hashKey: "pk",
    rangeKey: "sk",
    attributes: [
      { name: "pk", type: "S" },
      { name: "sk", type: "S" },
    ],
    ttl: { attributeName: "expiresAt", enabled: true },
    serverSideEncryption: { enabled: true },
    pointInTimeRecovery: { enabled: true },
  };

  it("is on demand, encrypted, recoverable, and forgets what expires", async () => {
    const stack = await recordStack(
      () =>
        new RegistryTable("registry", {
          replicaRegions: [],
          deletionProtection: false,
        }),
    );
    assert.deepEqual(stack.one(tableType), { ...plain, deletionProtectionEnabled: false, replicas: [] });
  });

  it("is a global table, protected everywhere, with replica regions in production", async () => {
    const stack = await recordStack(
      () =>
        new RegistryTable("registry", {
          replicaRegions: ["us-east-1"],
          deletionProtection: true,
        }),
    );
    assert.deepEqual(stack.one(tableType), {
      ...plain,
      deletionProtectionEnabled: true,
      streamEnabled: true,
      streamViewType: "NEW_AND_OLD_IMAGES",
      replicas: [
        {
          regionName: "us-east-1",
          pointInTimeRecovery: true,
          propagateTags: true,
          deletionProtectionEnabled: true,
        },
      ],
    });
  });

  it("is looked up, not made, in a further region", async () => {
    let arn: string | undefined;
    const stack = await recordStack(() => {
      const table = new RegistryTable("registry", {
        existingTableName: "gateway-registry",
        replicaRegions: [],
        deletionProtection: false,
      });
      table.arn.apply((value) => {
        arn = value;
      });
    });
    assert.deepEqual(stack.list(), []);
    assert.equal(arn, "arn:aws:dynamodb:eu-west-1:123456789012:table/gateway-registry");
  });
});

describe("private bucket", () => {
  const record = (args: ConstructorParameters<typeof PrivateBucket>[1]) =>
    recordStack(() => new PrivateBucket("b", args));

  it("is closed, encrypted, without ACLs, and refuses plain HTTP", async () => {
    const stack = await record({ versioned: true, oldVersionDays: 30, emptyOnDestroy: false });
    assert.deepEqual(stack.one("aws:s3/bucket:Bucket"), { forceDestroy: false });
    assert.deepEqual(stack.one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"), {
      bucket: "b",
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    assert.deepEqual(stack.one("aws:s3/bucketOwnershipControls:BucketOwnershipControls"), {
      bucket: "b",
      rule: { objectOwnership: "BucketOwnerEnforced" },
    });
    assert.deepEqual(
      stack.one("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"),
      { bucket: "b", rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }] },
    );
    assert.deepEqual(JSON.parse(stack.one("aws:s3/bucketPolicy:BucketPolicy").policy as string).Statement, [
      {
        Sid: "TlsOnly",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ]);
  });

  it("keeps versions and lets old ones go", async () => {
    const stack = await record({ versioned: true, oldVersionDays: 30, emptyOnDestroy: false });
    assert.deepEqual(stack.one("aws:s3/bucketVersioning:BucketVersioning"), {
      bucket: "b",
      versioningConfiguration: { status: "Enabled" },
    });
    assert.deepEqual(stack.one("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"), {
      bucket: "b",
      rules: [
        {
          id: "expire",
          status: "Enabled",
          filter: { prefix: "" },
          abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
          noncurrentVersionExpiration: { noncurrentDays: 30 },
        },
      ],
    });
  });

  it("is emptied by destroy where that is wanted, and keeps no versions where they are not", async () => {
    const stack = await record({ versioned: false, objectDays: 90, emptyOnDestroy: true });
    assert.deepEqual(stack.one("aws:s3/bucket:Bucket"), { forceDestroy: true });
    assert.deepEqual(stack.all("aws:s3/bucketVersioning:BucketVersioning"), []);
  });
});

describe("cluster", () => {
  it("is made without Container Insights", async () => {
    const stack = await recordStack(() => new Cluster("c", {}));
    assert.deepEqual(stack.one("aws:ecs/cluster:Cluster"), {
      settings: [{ name: "containerInsights", value: "disabled" }],
    });
  });

  it("is used when given, under the name in its ARN", async () => {
    let name: string | undefined;
    const stack = await recordStack(() => {
      const cluster = new Cluster("c", { clusterArn: "arn:aws:ecs:eu-west-1:123456789012:cluster/main" });
      cluster.clusterName.apply((value) => {
        name = value;
      });
    });
    assert.deepEqual(stack.list(), []);
    assert.equal(name, "main");
  });
});

describe("proxy image", () => {
  const record = (cpuArchitecture: "arm64" | "x86_64", deleteImagesOnDestroy: boolean) =>
    recordStack(
      () =>
        new ProxyImage("image", {
          cpuArchitecture,
          nginxImage: "nginx:1.30",
          nodeImage: "node:24-trixie-slim",
          deleteImagesOnDestroy,
        }),
    );

  it("is scanned, kept ten times, and built from the project with its base images as arguments", async () => {
    const stack = await record("arm64", true);
    assert.deepEqual(stack.one("awsx:ecr:Repository"), {
      forceDelete: true,
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfigurations: [{ encryptionType: "AES256" }],
      lifecyclePolicy: { rules: [{ tagStatus: "any", maximumNumberOfImages: 10 }] },
    });
    assert.deepEqual(stack.one("awsx:ecr:Image"), {
      repositoryUrl: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/image",
      context: ".",
      dockerfile: "proxy-image/Dockerfile",
      platform: "linux/arm64",
      args: { NGINX_IMAGE: "nginx:1.30", NODE_IMAGE: "node:24-trixie-slim" },
    });
  });

  it("is built for Intel, and its repository outlives destroy, on request", async () => {
    const stack = await record("x86_64", false);
    assert.equal(stack.one("awsx:ecr:Image").platform, "linux/amd64");
    assert.equal(stack.one("awsx:ecr:Repository").forceDelete, false);
  });
});
