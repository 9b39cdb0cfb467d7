import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { CameraError } from "../rtsp/errors.ts";
import type { ServiceAddress } from "./address.ts";
import { MAX_SOAP_BYTES, SOAP_TIMEOUT_MS } from "./limits.ts";

/** What a camera answered over HTTP. */
export interface HttpAnswer {
	status: number;
	/** Values of `WWW-Authenticate`, one each. */
	challenges: string[];
	/** The camera's clock by the answer's `Date`, ms since 1970. */
	dateMs: number | undefined;
	body: string;
}

/**
 * Asks a camera once: one connection, no redirect followed, at most {@link MAX_SOAP_BYTES} within
 * {@link SOAP_TIMEOUT_MS}. Rejects with CameraError in words, also when `signal` aborts.
 */
export async function post(
	to: ServiceAddress,
	message: { headers: Record<string, string>; body: string },
	signal: AbortSignal,
): Promise<HttpAnswer> {
	const timeout = AbortSignal.timeout(SOAP_TIMEOUT_MS);
	try {
		return await exchange(to, message, AbortSignal.any([signal, timeout]));
	} catch (error) {
		if (error instanceof CameraError) throw error;
		if (signal.aborted) throw new CameraError("camera-unreachable", "Stopped.");
		throw new CameraError("camera-unreachable", timeout.aborted ? "The camera answers too slowly." : wordsOf(error));
	}
}

function exchange(
	{ scheme, host, port, path }: ServiceAddress,
	{ headers, body }: { headers: Record<string, string>; body: string },
	signal: AbortSignal,
): Promise<HttpAnswer> {
	return new Promise((resolve, reject) => {
		const options = {
			host,
			port,
			path,
			method: "POST",
			signal,
			agent: false,
			// Cameras write odd header lines; nobody stands between who could read them otherwise.
			insecureHTTPParser: true,
			// Cameras have certificates that nobody signed. Passwords are only sent as digests, as over plain HTTP.
			rejectUnauthorized: false,
			headers: {
				Host: hostHeader(host, port),
				Connection: "close",
				"Content-Length": String(Buffer.byteLength(body)),
				...headers,
			},
		};
		const asked = (scheme === "https" ? requestHttps : requestHttp)(options, (answer) => {
			read(answer).then((text) => resolve(toAnswer(answer, text)), reject);
		});
		asked.on("error", reject);
		asked.end(body);
	});
}

async function read(answer: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	let length = 0;
	for await (const chunk of answer as AsyncIterable<Buffer>) {
		length += chunk.length;
		// Leaving the loop ends the connection.
		if (length > MAX_SOAP_BYTES) throw new CameraError("stream-unsupported", "The camera answers with far too much.");
		chunks.push(chunk);
	}
	return new TextDecoder().decode(Buffer.concat(chunks));
}

function toAnswer(answer: IncomingMessage, body: string): HttpAnswer {
	const date = Date.parse(answer.headers.date ?? "");
	return {
		status: answer.statusCode ?? 0,
		challenges: answer.headersDistinct["www-authenticate"] ?? [],
		dateMs: Number.isNaN(date) ? undefined : date,
		body,
	};
}

/** Without a zone, which means nothing to the camera (RFC 6874, section 4). */
function hostHeader(host: string, port: number): string {
	const name = host.includes(":") ? `[${host.replace(/%.*$/, "")}]` : host;
	return `${name}:${port}`;
}

function wordsOf(error: unknown): string {
	const code = (error as NodeJS.ErrnoException | undefined)?.code ?? "";
	if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "The camera's name is not known in this network.";
	if (code === "ECONNREFUSED") return "Nothing speaks ONVIF at the camera's address.";
	if (code === "ECONNRESET" || code === "EPIPE") return "The camera broke the connection.";
	if (code.startsWith("HPE_")) return "What answers at the camera's address does not speak HTTP.";
	return "Nothing answers at the camera's address.";
}
