/** Who decides why and how the data of accounts is used (policy 01). Whoever runs the service elsewhere changes this first. */
export const CONTROLLER = { name: "Mivisus", contact: "contact@mivisus.com", country: "France" } as const;
