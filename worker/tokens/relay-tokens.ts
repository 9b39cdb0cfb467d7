import { newId } from "@mivisus/wire/ids";
import { MAX_SESSION_SECONDS, MAX_TOKEN_SECONDS, type SigningKey, signRelayToken } from "@mivisus/wire/token";
import { type Clock, seconds } from "../clock.ts";

/** The relay that tokens are for: where it is and how a page trusts it. */
export interface RelayPlace {
	/** e.g. `https://relay.mivisus.com:4433`. */
	url: string;
	/** The same over TCP, e.g. `wss://relay.mivisus.com:4433`; a relay may have none. */
	tcpUrl?: string | undefined;
	/** Name of the data plane: the tokens' audience. */
	instance: string;
	/** SHA-256 of its certificates, base64url; empty with a certificate that browsers trust anyway. */
	certificateHashes: readonly string[];
}
export interface RelayAccess {
	token: string;
	url: string;
	/** Where to go with the same token where UDP is blocked. */
	tcpUrl?: string;
	certificateHashes: readonly string[];
	untilMs: number;
}

/** Relay tokens: short to connect with, an hour to stay, and naming what they rest on. */
export class RelayTokens {
	#key: SigningKey;
	#place: () => Promise<RelayPlace>;
	#clock: Clock;
	constructor(key: SigningKey, place: () => Promise<RelayPlace>, clock: Clock) {
		this.#key = key;
		this.#place = place;
		this.#clock = clock;
	}
	/** For a viewer: sees `cameras`, which the caller has checked to be the account's. */
	viewer(accountId: string, sessionId: string, cameras: readonly string[]): Promise<RelayAccess> {
		return this.#issue(accountId, {
			put: [],
			get: cameras,
			ref: [`session:${sessionId}`, ...refs(accountId, cameras)],
		});
	}
	/**
	 * For an agent: publishes `cameras`. It rests on agent and account only, so that deleting one camera cuts its viewers
	 * but not the agent's other cameras; the agent takes a new token without it by itself.
	 */
	agent(accountId: string, agentId: string, cameras: readonly string[]): Promise<RelayAccess> {
		return this.#issue(accountId, { put: cameras, get: [], ref: [`agent:${agentId}`, `account:${accountId}`] });
	}
	async #issue(
		root: string,
		{ put, get, ref }: { put: readonly string[]; get: readonly string[]; ref: string[] },
	): Promise<RelayAccess> {
		const { url, tcpUrl, instance, certificateHashes } = await this.#place();
		const iat = seconds(this.#clock);
		const until = iat + MAX_SESSION_SECONDS;
		// Where its bearer may report lateness and drops; random, so that two pages of one person do not meet.
		const peer = `.peer/${newId()}`;
		const token = await signRelayToken(
			{
				root,
				put: [...put, peer],
				get: [...get],
				iat,
				exp: iat + MAX_TOKEN_SECONDS,
				aud: instance,
				jti: newId(),
				mivisus: { until, ref },
			},
			this.#key,
		);
		return {
			token,
			url: `${url}/${root}`,
			...(tcpUrl !== undefined && { tcpUrl: `${tcpUrl}/${root}` }),
			certificateHashes,
			untilMs: until * 1000,
		};
	}
}
const refs = (accountId: string, cameras: readonly string[]) => [
	`account:${accountId}`,
	...cameras.map((id) => `camera:${id}`),
];
