/** What makes a Node process load a module before its own; on top of what the environment tells it already. */
export function preloadEnv(module: URL): NodeJS.ProcessEnv {
  const { NODE_OPTIONS = '' } = process.env;
  return { NODE_OPTIONS: `${NODE_OPTIONS} --import ${module.href}`.trimStart() };
}
