import assert from "node:assert/strict";
import * as ethers from "ethers";
import fc from "fast-check";
import { describe, it } from "mocha";
import { keccak256 } from "../../functions/domain/keccak256";
import { transactionHash } from "../../functions/domain/transactionHash";

describe("keccak256", () => {
  it("gives what ethers gives", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        assert.equal(ethers.hexlify(keccak256(bytes)), ethers.keccak256(bytes));
      }),
    );
  });

  it("gives what ethers gives around the length of a block", () => {
    for (const length of [0, 1, 134, 135, 136, 137, 271, 272, 273, 100_000]) {
      const bytes = new Uint8Array(length).fill(0xa5);
      assert.equal(ethers.hexlify(keccak256(bytes)), ethers.keccak256(bytes), `${length}`);
    }
  });
});

describe("transactionHash", () => {
  const key = new ethers.SigningKey(`0x${"11".repeat(32)}`);
  const signed = (fields: ethers.TransactionLike) => {
    const transaction = ethers.Transaction.from({
      to: `0x${"22".repeat(20)}`,
      chainId: 1,
      gasLimit: 21000,
      ...fields,
    });
    transaction.signature = key.sign(transaction.unsignedHash);
    return transaction;
  };

  for (const fields of [
    { type: 0, gasPrice: 5 },
    { type: 1, gasPrice: 5 },
    { type: 2, maxFeePerGas: 5, maxPriorityFeePerGas: 1, data: `0x${"ab".repeat(300)}` },
  ]) {
    it(`is that of a transaction of type ${fields.type}`, () => {
      const { serialized, hash } = signed(fields);
      assert.equal(transactionHash(serialized), hash);
      assert.equal(transactionHash(serialized.toUpperCase().replace("0X", "0x")), hash);
    });
  }

  it("leaves out the blobs that a transaction travels with", () => {
    const { serialized, hash } = signed({
      type: 3,
      maxFeePerGas: 5,
      maxPriorityFeePerGas: 1,
      maxFeePerBlobGas: 1,
      blobVersionedHashes: [`0x01${"33".repeat(31)}`],
    });
    assert.equal(transactionHash(serialized), hash);
    const body = ethers.decodeRlp(ethers.dataSlice(serialized, 1));
    const blobs = [`0x${"44".repeat(131_072)}`];
    const travelling = ethers.encodeRlp([body, blobs, [`0x${"55".repeat(48)}`], [`0x${"66".repeat(48)}`]]);
    assert.equal(transactionHash(`0x03${travelling.slice(2)}`), hash);
  });

  it("does not exist for what is no transaction, and never throws", () => {
    for (const raw of [undefined, null, 5, "", "0x", "0x1", "0xzz", "12", ["0x12"]]) {
      assert.equal(transactionHash(raw), undefined);
    }
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), (bytes) => {
        assert.match(transactionHash(`0x03${ethers.hexlify(bytes).slice(2)}`) ?? "", /^0x[0-9a-f]{64}$/);
      }),
    );
  });
});
