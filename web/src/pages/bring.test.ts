import { expect, it } from "vitest";
import { hereAlready } from "./bring.ts";

const address = { scheme: "rtsp" as const, host: "192.0.2.10", port: 554, path: "/" };
const camera = (id: string, name: string) => ({ id, name, sound: false, address });
const copy = [camera("a", "Door"), camera("b", "Garden"), camera("c", "Door")];

it("what is there already is not brought a second time, also of two cameras with one name", () => {
	expect(hereAlready(copy, [])).toEqual(new Set());
	expect(hereAlready(copy, ["Garden"])).toEqual(new Set(["b"]));
	expect(hereAlready(copy, ["Door", "Garden", "Door"])).toEqual(new Set(["a", "b", "c"]));
});
it("an account with a camera that the copy does not have is not an empty one", () => {
	expect(hereAlready(copy, ["Street"])).toBeUndefined();
	expect(hereAlready(copy, ["Garden", "Garden"])).toBeUndefined();
});
