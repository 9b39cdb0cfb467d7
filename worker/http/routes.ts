import type { Camera } from "../cameras/cameras.ts";
import { Problem } from "../problems.ts";
import { accountRoutes } from "./account-routes.ts";
import { rightsRoutes } from "./rights-routes.ts";
import { type Rooms, waitOr } from "./rooms.ts";
import { dated, type Route, route } from "./route.ts";
import * as S from "./schemas.ts";

const publicCamera = ({ id, name, agentId, scheme, host, port, path, sound, createdAt }: Camera) => ({
	id,
	name,
	agentId,
	address: { scheme, host, port, path },
	sound,
	createdAtMs: createdAt,
});

/** Every route, in one table. */
export function routesOf(rooms: Rooms): Route[] {
	const { accounts, agents, cameras, tokens, changes, open, after } = rooms;
	/** Restricted: kept, and nothing else happens (policy 07.6). Leaving or erased: not even that. */
	const mayBegin = async (accountId: string) => {
		const account = await accounts.find(accountId);
		if (account?.state !== "active" && account?.state !== "unconfirmed") throw new Problem("restricted");
	};
	return [
		...accountRoutes(rooms),
		...rightsRoutes(rooms),
		route({
			method: "GET",
			path: "/cameras",
			who: "person",
			summary: "The account's cameras, with addresses but without credentials.",
			answer: S.CamerasAnswer,
			status: 200,
			handle: async ({ account }) => ({
				status: 200,
				body: { cameras: (await cameras.list(account.id)).map(publicCamera) },
			}),
		}),
		route({
			method: "POST",
			path: "/cameras",
			who: "person",
			summary: "Add a camera: its name and address for display, and the signed, sealed command for the agent.",
			body: S.CameraBody,
			answer: S.Camera,
			status: 201,
			handle: async ({ account, body: { address, ...rest } }) => ({
				status: 201,
				body: publicCamera(await cameras.create(account.id, { ...rest, ...address })),
			}),
		}),
		route({
			method: "PATCH",
			path: "/cameras/:id",
			who: "person",
			summary:
				"Rename a camera, or change its address: the one for display, and the signed, sealed command for the agent.",
			body: S.ChangeBody,
			status: 204,
			handle: async ({ account, params, body }) => {
				const id = params["id"] ?? "";
				if ("name" in body) await cameras.rename(account.id, id, body.name);
				else {
					// A name is a datum to be corrected; an order to the agent begins something new (policy 07.6).
					if (account.state === "restricted") throw new Problem("restricted");
					await cameras.readdress(account.id, id, body.address, body.command);
				}
				return { status: 204 };
			},
		}),
		route({
			method: "DELETE",
			path: "/cameras/:id",
			who: "person",
			summary: "Delete a camera. With a signed command the agent forgets its address and password too.",
			body: S.RemoveBody,
			status: 204,
			handle: async ({ account, params, body }) => {
				await cameras.remove(account.id, params["id"] ?? "", body.command);
				return { status: 204 };
			},
		}),
		route({
			method: "POST",
			path: "/commands",
			who: "person",
			summary: "Have a signed command carried to its agent.",
			body: S.CommandBody,
			answer: S.CommandAccepted,
			status: 202,
			handle: async ({ account, body }) => ({
				status: 202,
				body: { id: await cameras.carry(account.id, body.command) },
			}),
		}),
		route({
			method: "GET",
			path: "/commands/:id",
			who: "person",
			summary: "What the agent said to a command.",
			answer: S.CommandAnswer,
			status: 200,
			handle: async ({ account, params }) => {
				const { id, state, code, detail } = await cameras.command(account.id, params["id"] ?? "");
				return { status: 200, body: { id, state, code, detail } };
			},
		}),
		route({
			method: "GET",
			path: "/agents",
			who: "person",
			summary: "The account's agents.",
			answer: S.AgentsAnswer,
			status: 200,
			handle: async ({ account }) => ({
				status: 200,
				body: {
					agents: (await agents.list(account.id)).map(dated),
				},
			}),
		}),
		route({
			method: "DELETE",
			path: "/agents/:id",
			who: "person",
			fresh: true,
			summary: "Unlink an agent, with its cameras. At once.",
			status: 204,
			handle: async ({ account, params }) => {
				await agents.unlink(account.id, params["id"] ?? "");
				return { status: 204 };
			},
		}),
		route({
			method: "GET",
			path: "/devices",
			who: "person",
			summary: "Devices whose commands the account's agents obey.",
			answer: S.DevicesAnswer,
			status: 200,
			handle: async ({ account }) => ({
				status: 200,
				body: {
					devices: (await agents.devices(account.id)).map(dated),
				},
			}),
		}),
		route({
			method: "POST",
			path: "/enrolments/lookup",
			who: "person",
			summary: "The public keys behind a link's code, for the browser to check against the link's fingerprint.",
			body: S.CodeBody,
			answer: S.LookupAnswer,
			status: 200,
			handle: async ({ body }) => ({ status: 200, body: await agents.lookup(body.code) }),
		}),
		route({
			method: "POST",
			path: "/enrolments/claim",
			who: "person",
			summary: "Take the agent behind a code into the account. A code works once.",
			body: S.ClaimBody,
			answer: S.ClaimAnswer,
			status: 200,
			handle: async ({ account, body }) => ({ status: 200, body: await agents.claim(account.id, body) }),
		}),
		route({
			method: "POST",
			path: "/relay-token",
			who: "person",
			summary: "A token to see the named cameras at the relay.",
			body: S.RelayBody,
			answer: S.RelayAnswer,
			status: 200,
			handle: async ({ account, session, body }) => {
				const own = new Set((await cameras.list(account.id)).map(({ id }) => id));
				const wanted = [...new Set(body.cameras)];
				if (!wanted.every((id) => own.has(id))) throw new Problem("not-found");
				return { status: 200, body: await tokens.viewer(account.id, session.id, wanted) };
			},
		}),
		route({
			method: "POST",
			path: "/agent/challenge",
			who: "anyone",
			summary: "A nonce, in the header `Mivisus-Nonce`.",
			body: S.Empty,
			status: 200,
			handle: async () => ({ status: 200, body: {} }),
		}),
		route({
			method: "POST",
			path: "/agent/enrolments",
			who: "anyone",
			summary: "An agent announces the link it shows.",
			body: S.AnnounceBody,
			answer: S.AnnounceAnswer,
			status: 201,
			handle: async ({ body, network }) => {
				waitOr(open.take(network));
				return { status: 201, body: await agents.announce(body) };
			},
		}),
		route({
			method: "POST",
			path: "/agent/enrolments/poll",
			who: "anyone",
			summary: "Whether the link was used, and by which keys.",
			body: S.CodeBody,
			answer: S.PollAnswer,
			status: 200,
			handle: async ({ body }) => ({ status: 200, body: await agents.poll(body.code) }),
		}),
		route({
			method: "POST",
			path: "/agent/confirm",
			who: "agent",
			summary: "The agent's word on the claim.",
			body: S.ConfirmBody,
			status: 204,
			handle: async ({ agent, body }) => {
				await agents.confirm(agent, body.device, body.accepted);
				return { status: 204 };
			},
		}),
		route({
			method: "POST",
			path: "/agent/state",
			who: "agent",
			summary: "The agent's cameras and waiting commands; waits for news.",
			body: S.StateBody,
			answer: S.StateAnswer,
			status: 200,
			handle: async ({ agent, body, signal }) => {
				// Listening begins before looking, so that news in between is not missed.
				const news = changes.listen(agent.accountId);
				try {
					for (let left = body.waitMs; ; left -= Math.min(left, changes.lookAgainMs)) {
						const view = await cameras.agentView(agent);
						const isNews = view.revision > body.after || view.commands.length > 0;
						if (isNews || left <= 0 || signal.aborted)
							return { status: 200, body: { ...view, accountId: agent.accountId } };
						await news.wait(Math.min(left, changes.lookAgainMs), signal, after);
					}
				} finally {
					news.stop();
				}
			},
		}),
		route({
			method: "POST",
			path: "/agent/streams",
			who: "agent",
			summary: "When streams of the agent's cameras changed state: a time and a state each, and nothing else.",
			body: S.StreamsBody,
			status: 204,
			handle: async ({ agent, body }) => {
				await cameras.streamed(agent, body.events);
				return { status: 204 };
			},
		}),
		route({
			method: "POST",
			path: "/agent/acks",
			who: "agent",
			summary: "What the agent did with a command.",
			body: S.AckBody,
			status: 204,
			handle: async ({ agent, body }) => {
				await cameras.acknowledge(agent, body);
				return { status: 204 };
			},
		}),
		route({
			method: "POST",
			path: "/agent/cameras",
			who: "agent",
			summary: "A camera that was added at the agent itself: its name and address for display.",
			body: S.AgentCameraBody,
			answer: S.Camera,
			status: 201,
			handle: async ({ agent, body: { address, ...rest } }) => {
				await mayBegin(agent.accountId);
				return { status: 201, body: publicCamera(await cameras.adopt(agent, { ...rest, ...address })) };
			},
		}),
		route({
			method: "POST",
			path: "/agent/relay-token",
			who: "agent",
			summary: "A token to publish the agent's cameras at the relay.",
			body: S.Empty,
			answer: S.RelayAnswer,
			status: 200,
			handle: async ({ agent }) => {
				await mayBegin(agent.accountId);
				const { cameras: own } = await cameras.agentView(agent);
				return {
					status: 200,
					body: await tokens.agent(
						agent.accountId,
						agent.id,
						own.map(({ id }) => id),
					),
				};
			},
		}),
	];
}
