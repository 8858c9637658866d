import { PutObjectCommand } from "@aws-sdk/client-s3";
import { after, before, describe } from "mocha";
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
      return {
        store: await emulators.createBucket(bucket),
        spoilCurrent: async (bytes) => {
          await emulators.s3.send(new PutObjectCommand({ Bucket: bucket, Key: "current.json", Body: bytes }));
        },
      };
    },
  });
});
