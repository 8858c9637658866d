import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { classifyError } from "../../functions/domain/providerErrors";

describe("classifyError", () => {
  for (const [error, expected] of [
    [{ code: -32000, message: "execution reverted: Rate limit exceeded" }, "own"],
    [{ code: 3, message: "too many requests" }, "limited"],
    [{ code: 3, message: "" }, "own"],
    [{ code: -32005, message: "query returned more than 10000 results" }, "rangeTooWide"],
    [{ code: -32005, message: "" }, "limited"],
    [{ code: -32603, message: "nonce too low" }, "caller"],
    [{ code: -32000, message: "already known" }, "alreadyKnown"],
    [{ code: -32000, message: "Header Not Found" }, "missingData"],
    [{ code: -32601, message: "the method eth_foo does not exist/is not available" }, "unsupported"],
    [{ code: -32603, message: "Internal error" }, "trouble"],
    [{ code: -32042, message: "whatever" }, "trouble"],
    [{ code: -32000, message: "", status: 429 }, "limited"],
    [{ code: -32600, message: "", status: 401 }, "caller"],
    [{ message: "Unauthorized" }, "refused"],
    [{ code: -32602, message: "project id required" }, "refused"],
  ] as const) {
    it(`takes ${JSON.stringify(error)} for ${expected}`, () => {
      assert.equal(classifyError(error).class, expected);
    });
  }
});
