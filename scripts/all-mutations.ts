import { MUTATIONS, type Mutation } from "./mutations.ts";
import { CODECS_MUTATIONS } from "./mutations-codecs.ts";
import { DISCOVERY_MUTATIONS } from "./mutations-discovery.ts";
import { OPERATIONS_MUTATIONS } from "./mutations-operations.ts";
import { PAGE_MUTATIONS } from "./mutations-page.ts";
import { POLICY_MUTATIONS } from "./mutations-policy.ts";
import { RELAY_MUTATIONS } from "./mutations-relay.ts";
import { RTSP_MUTATIONS } from "./mutations-rtsp.ts";
import { STORE_MUTATIONS } from "./mutations-store.ts";
import { WORKER_MUTATIONS } from "./mutations-worker.ts";

/** Every way in which the tree is broken on purpose. */
export const ALL_MUTATIONS: readonly Mutation[] = [
	...MUTATIONS,
	...PAGE_MUTATIONS,
	...WORKER_MUTATIONS,
	...STORE_MUTATIONS,
	...POLICY_MUTATIONS,
	...DISCOVERY_MUTATIONS,
	...CODECS_MUTATIONS,
	...RTSP_MUTATIONS,
	...RELAY_MUTATIONS,
	...OPERATIONS_MUTATIONS,
];
