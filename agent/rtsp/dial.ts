import { createHash } from "node:crypto";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { BroadcastClock } from "../publish/broadcast.ts";
import { CameraError } from "./errors.ts";
import { CONNECT_TIMEOUT_MS } from "./limits.ts";
import { systemRoots } from "./roots.ts";

export interface DialOptions {
	scheme: "rtsp" | "rtsps";
	host: string;
	port: number;
	/** `rtsps`: SHA-256 of the one certificate that counts, lower-case hexadecimal; undefined: whatever the roots vouch for. */
	certificate: string | undefined;
	clock: BroadcastClock;
	/** Hears how the connection came about. */
	note(text: string): void;
}

/**
 * Connects to a camera, by TLS for `rtsps`. The socket is ready for the first request, and has an error listener. Rejects
 * with CameraError, also when `signal` aborts; a certificate that nobody vouches for comes as its `certificate`.
 */
export function dial(options: DialOptions, signal: AbortSignal): Promise<Socket> {
	const { host, port, scheme, clock, note } = options;
	return new Promise((resolve, reject) => {
		const socket = connect({ host, port });
		socket.setNoDelay(true);
		let secure: TLSSocket | undefined;
		const finish = (error: CameraError | undefined) => {
			cancel();
			signal.removeEventListener("abort", onAbort);
			if (error) {
				secure?.destroy();
				socket.destroy();
				reject(error);
			} else resolve(secure ?? socket);
		};
		const onAbort = () => finish(new CameraError("camera-unreachable", "Stopped."));
		let late = "Nothing answers at the camera's address.";
		const cancel = clock.after(CONNECT_TIMEOUT_MS, () => finish(new CameraError("camera-unreachable", late)));
		signal.addEventListener("abort", onAbort);
		socket.on("error", (error: NodeJS.ErrnoException) => {
			if (!secure) finish(new CameraError("camera-unreachable", connectFault(error)));
		});
		socket.once("connect", () => {
			note("Connected.");
			if (scheme === "rtsp") return finish(undefined);
			late = "The camera does not finish the encryption's handshake.";
			// Whether the certificate counts is decided below, so that its fingerprint can be shown.
			secure = connectTls({
				socket,
				servername: isIP(host) ? "" : host,
				host,
				minVersion: "TLSv1.2",
				rejectUnauthorized: false,
				ca: systemRoots(process.env),
			});
			secure.on("error", (error: NodeJS.ErrnoException) => finish(tlsFault(error)));
			secure.once("close", () => finish(new CameraError("camera-unreachable", "The camera ended the connection.")));
			secure.once("secureConnect", () => finish(judge(secure!, options)));
		});
		if (signal.aborted) onAbort();
	});
}

/** Whether the certificate of the other side counts: undefined when it does. */
function judge(socket: TLSSocket, { certificate, note }: DialOptions): CameraError | undefined {
	const { raw } = socket.getPeerCertificate();
	if (!raw) return new CameraError("stream-unsupported", "The camera shows no certificate.");
	const fingerprint = createHash("sha256").update(raw).digest("hex");
	note(`Encrypted by ${socket.getProtocol()}; SHA-256 of the camera's certificate: ${fingerprint}`);
	if (certificate !== undefined) {
		if (fingerprint === certificate) return undefined;
		return new CameraError(
			"stream-unsupported",
			"The camera shows another certificate than the one that was accepted. If it was reset or updated, compare the fingerprint with the one in its settings and accept it anew.",
			{ certificate: fingerprint },
		);
	}
	if (socket.authorized) return undefined;
	return new CameraError(
		"stream-unsupported",
		"The camera's certificate is not vouched for. Compare its fingerprint with the one in the camera's settings and accept it if they are equal.",
		{ certificate: fingerprint },
	);
}

function connectFault({ code }: NodeJS.ErrnoException): string {
	if (code === "ECONNREFUSED") return "The camera's address refuses connections on this port.";
	if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "The camera's name is not known in this network.";
	return "Nothing answers at the camera's address.";
}

function tlsFault({ code = "", message }: NodeJS.ErrnoException): CameraError {
	const what = `${code} ${message}`;
	if (/UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|VERSION_TOO_LOW/i.test(what)) {
		return new CameraError(
			"stream-unsupported",
			"The camera's encryption is older than TLS 1.2 and not safe. Look for an update of the camera, or use rtsp:// inside your own network.",
		);
	}
	if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_LAYER|HTTP_REQUEST/i.test(what)) {
		return new CameraError(
			"stream-unsupported",
			"What answers at this port does not encrypt. Use rtsp:// or the camera's port for rtsps.",
		);
	}
	if (code === "ECONNRESET" || code === "EPIPE") {
		return new CameraError("camera-unreachable", "The camera ended the connection.");
	}
	return new CameraError("stream-unsupported", "The camera and the agent find no common encryption.");
}
