import type { CameraState } from "@mivisus/wire/catalog";
import { LATE_MS, STALE_MS } from "./limits.ts";
import type { Mark, Why } from "./protocol.ts";

/** What is known about one view at one moment. All times are local wall clock, ms. */
export interface Known {
	nowMs: number;
	/** The browser has what watching needs. */
	capable: boolean;
	signedOut: boolean;
	/** In the service's words. */
	denied?: string | undefined;
	/** Page hidden or tile out of sight. */
	/** The account has no such camera any more. */
	gone: boolean;
	hidden: boolean;
	link: { up: boolean; failures: number; lostMs?: number | undefined };
	/** Whether the relay says that the camera's broadcast is there; unknown before it answered. */
	announced: boolean | undefined;
	catalogFault?: string | undefined;
	camera?: CameraState | undefined;
	/** The agent leaves pictures out, because the house's line does not carry them. */
	uplinkSlow: boolean;
	/** A codec that this browser refused. */
	badCodec?: string | undefined;
	decoderFault: boolean;
	/** When the last picture was painted. */
	paintedMs?: number | undefined;
	ageMs?: number | undefined;
	ageExact: boolean;
}

/** The one mark and the one reason, most fundamental first. A picture is live only when nothing speaks against it. */
export function judge(known: Known): { mark: Mark; why?: Why } {
	const { nowMs, paintedMs, link } = known;
	if (!known.capable) return { mark: "refused", why: { code: "browser" } };
	if (known.signedOut) return { mark: "refused", why: { code: "signedOut" } };
	if (known.gone) return { mark: "refused", why: { code: "gone" } };
	if (known.denied !== undefined) return { mark: "refused", why: { code: "denied", detail: known.denied } };
	if (known.hidden) return { mark: "paused", why: { code: "hidden" } };
	if (known.badCodec !== undefined) return { mark: "refused", why: { code: "codec", detail: known.badCodec } };
	if (link.up && known.announced !== false) {
		const camera = cameraWhy(known);
		if (camera) return camera;
	}
	if (paintedMs === undefined) return before(known);
	if (nowMs - paintedMs > STALE_MS) return { mark: "stale", why: silence(known, paintedMs) };
	if (known.ageExact && known.ageMs !== undefined && known.ageMs > LATE_MS) {
		return { mark: "stale", why: known.uplinkSlow ? { code: "uplink" } : { code: "late", ageMs: known.ageMs } };
	}
	return { mark: "live" };
}

/** What the agent says of its camera, when that is why there is no picture. */
function cameraWhy({ camera, catalogFault }: Known): { mark: Mark; why: Why } | undefined {
	if (catalogFault !== undefined) return { mark: "refused", why: { code: "catalog", detail: catalogFault } };
	if (!camera || camera.code === "live" || camera.code === "waiting") return undefined;
	const why: Why = { code: camera.code, sinceMs: camera.sinceMs };
	if (camera.detail !== undefined) why.detail = camera.detail;
	return { mark: "refused", why };
}
/** No picture yet. */
function before({ link, announced, camera, decoderFault }: Known): { mark: Mark; why: Why } {
	if (!link.up) {
		if (link.failures > 1) return { mark: "refused", why: { code: "unreachable" } };
		return { mark: "connecting", why: { code: "connecting" } };
	}
	if (announced === false) return { mark: "refused", why: { code: "agentOffline" } };
	if (decoderFault) return { mark: "waiting", why: { code: "decoder" } };
	if (camera?.code !== "waiting") return { mark: "waiting", why: { code: "firstPicture" } };
	const { detail } = camera;
	return { mark: "waiting", why: { code: "waiting", ...(detail !== undefined && { detail }) } };
}
/** There was a picture, and it stands still. */
function silence({ link, announced, uplinkSlow, decoderFault }: Known, paintedMs: number): Why {
	if (!link.up) return { code: "reconnecting", sinceMs: link.lostMs ?? paintedMs };
	if (announced === false) return { code: "agentOffline" };
	if (uplinkSlow) return { code: "uplink" };
	if (decoderFault) return { code: "decoder" };
	return { code: "noPictures", sinceMs: paintedMs };
}
