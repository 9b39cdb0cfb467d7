import type { Generated } from "kysely";

/** The tables as kysely sees them. Times are ms since 1970 unless the name says otherwise; ids as in wire/ids. */
export interface Schema {
	accounts: AccountTable;
	sessions: SessionTable;
	agents: AgentTable;
	devices: DeviceTable;
	enrolments: EnrolmentTable;
	cameras: CameraTable;
	commands: CommandTable;
	revocations: RevocationTable;
}
export interface AccountTable {
	id: string;
	/** As typed, for display and mail. */
	email: string;
	/** Canonical form; unique. */
	email_key: string;
	full_name: string;
	password_hash: string;
	state: "unconfirmed" | "active" | "restricted" | "leaving" | "erased";
	language: "en" | "fr";
	created_at: number;
	/** Grows with every change that agents or pages wait for. */
	revision: Generated<number>;
}
export interface SessionTable {
	/** SHA-256 of the cookie's `jti`, base64url: a stolen database opens no session. */
	jti_hash: string;
	/** Names the session in relay tokens and revocations. */
	id: string;
	account_id: string;
	created_at: number;
	expires_at: number;
}
export interface AgentTable {
	id: string;
	account_id: string;
	name: string;
	sign_key: string;
	seal_key: string;
	state: "claimed" | "active" | "refused";
	created_at: number;
	/** Coarse: the day, `YYYY-MM-DD`. */
	last_seen_day: string | null;
}
export interface DeviceTable {
	id: string;
	account_id: string;
	agent_id: string;
	label: string;
	sign_key: string;
	seal_key: string;
	created_at: number;
	/** Whether the agent said that it obeys this device, 0 or 1. */
	confirmed: number;
}
export interface EnrolmentTable {
	/** SHA-256 of the code, base64url. */
	code_hash: string;
	name: string;
	sign_key: string;
	seal_key: string;
	expires_at: number;
	/** Set by the claim; the code is used up then. */
	agent_id: string | null;
	device_id: string | null;
	mac: string | null;
}
export interface CameraTable {
	id: string;
	account_id: string;
	agent_id: string;
	name: string;
	scheme: "rtsp" | "rtsps";
	host: string;
	port: number;
	path: string;
	sound: number;
	created_at: number;
}
export interface CommandTable {
	id: string;
	account_id: string;
	agent_id: string;
	camera_id: string;
	statement: string;
	state: "waiting" | "done" | "refused";
	code: string | null;
	detail: string | null;
	created_at: number;
}
export interface RevocationTable {
	seq: Generated<number>;
	ref: string;
	/** s since 1970: tokens issued up to then are revoked. */
	iat: number;
}
