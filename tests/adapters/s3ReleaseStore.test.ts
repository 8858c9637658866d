import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { after, before, describe } from "mocha";
import { createS3ReleaseStore } from "../../functions/adapters/s3ReleaseStore";
import { type Emulators, startEmulators } from "../support/emulators";
import { releaseStoreContract } from "./releaseStoreContract";

describe("S3 release store", function () {
  this.timeout(20_000);
  let emulators: Emulators;
  let buckets = 0;
  before(async () => {
    emulators = await startEmulators();
  });
  after(() => emulators.close());

  releaseStoreContract("S3", {
    open: async () => {
      const bucket = `bucket-${buckets++}`;
      await emulators.s3.send(new CreateBucketCommand({ Bucket: bucket }));
      return {
        store: createS3ReleaseStore(emulators.s3, bucket),
        spoilCurrent: async (bytes) => {
          await emulators.s3.send(new PutObjectCommand({ Bucket: bucket, Key: "current.json", Body: bytes }));
        },
      };
    },
  });
});
