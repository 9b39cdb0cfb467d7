import { shown } from "@mivisus/agent/rtsp/trace";
import { Secret } from "@mivisus/agent/rtsp/url";
import { describe, expect, it } from "vitest";
import { digest, fails, shows } from "./watched.ts";

/** Steps as `mivisus-agent test` shows them, with the port left out. */
const lines = (steps: { sent?: string; received?: string; note?: string }[]) =>
	steps.map(({ sent, received, note }) =>
		(sent ? `> ${sent}` : received ? `< ${received}` : `* ${note}`).replace(/127\.0\.0\.1:\d+/g, "camera"),
	);

describe("what the camera said, step by step", () => {
	it("each request and each reply in its order, the sign-in in words", async () => {
		const account = { user: "viewer", password: "hunter22" };
		const { witness, source } = await shows(
			{ auth: { ...account, challenges: ['Basic realm="/"', digest("cam", ', qop="auth"')] } },
			account,
		);
		await source.stop();
		expect(lines(witness.steps)).toEqual([
			"* Connected.",
			"> OPTIONS rtsp://camera/live RTSP/1.0",
			"< RTSP/1.0 200 Scripted",
			"> DESCRIBE rtsp://camera/live RTSP/1.0",
			"< RTSP/1.0 401 Scripted",
			"> DESCRIBE rtsp://camera/live RTSP/1.0 (Digest, user viewer)",
			"< RTSP/1.0 200 Scripted",
			"> SETUP rtsp://camera/live/track1 RTSP/1.0 (Digest, user viewer)",
			"< RTSP/1.0 200 Scripted",
			"> PLAY rtsp://camera/live/ RTSP/1.0 (Digest, user viewer)",
			"< RTSP/1.0 200 Scripted",
			"> TEARDOWN rtsp://camera/live/ RTSP/1.0 (Digest, user viewer)",
			"< RTSP/1.0 200 Scripted",
		]);
	});
	it("a camera that repeats the password, or writes to a terminal, is shown without either", async () => {
		const { witness } = await fails(
			{ shape: (reply) => reply.replace("Scripted", "no \u001b[2Jhunter22 \u202e").replace(" 200 ", " 404 ") },
			{ user: "viewer", password: "hunter22", path: "/user=viewer_password=hunter22&channel=1?pwd=other" },
		);
		expect(lines(witness.steps)).toContain(
			"> OPTIONS rtsp://camera/user=viewer_password=[hidden]&channel=1?pwd=[hidden] RTSP/1.0",
		);
		expect(lines(witness.steps)).toContain("< RTSP/1.0 404 no [2J[hidden]");
		expect(lines(witness.steps).join("")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
		expect(witness.everything).not.toMatch(/hunter22|other/);
	});
});

describe("shown", () => {
	it.each(["p@ss", "a b", "é/?"])("hides %s raw and percent-encoded", (password) => {
		const text = `x ${password} ${encodeURIComponent(password)} y`;
		expect(shown(text, new Secret(password))).toBe("x [hidden] [hidden] y");
	});
	it("keeps a text without secrets, cuts a long one", () => {
		expect(shown("200 OK", undefined)).toBe("200 OK");
		expect(shown("é".repeat(400), new Secret(""))).toHaveLength(300);
	});
});
