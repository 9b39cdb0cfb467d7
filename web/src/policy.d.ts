/** Made by policy-plugin.ts. */
declare module "virtual:policy" {
	export const policy: Record<"en" | "fr", string>;
}
