import type { IncomingMessage } from "node:http";
import { expect, it } from "vitest";
import { guard } from "./guard.ts";

const asked = (host: string) =>
	({ method: "GET", headers: { host }, rawHeaders: ["Host", host] }) as unknown as IncomingMessage;

it("goes by the name and the port that a browser sends: none at 80", () => {
	for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
		expect(() => guard(asked(host), 80)).not.toThrow();
		expect(() => guard(asked(host), 8080)).toThrow("this machine only");
		expect(() => guard(asked(`${host}:8080`), 8080)).not.toThrow();
		expect(() => guard(asked(`${host}:8080`), 80)).toThrow("this machine only");
	}
	expect(() => guard(asked("rebound.example"), 80)).toThrow("this machine only");
});
