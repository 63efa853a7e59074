/** Makes a Node process load a module before its own, besides the NODE_OPTIONS of an environment, by default of this process. */
export function preloadEnv(
  module: URL,
  { NODE_OPTIONS = process.env['NODE_OPTIONS'] ?? '' }: NodeJS.ProcessEnv = {},
): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: `${NODE_OPTIONS} --import ${module.href}`.trimStart() };
}
