/** Makes a Node process load a module before its own, in addition to the NODE_OPTIONS of this process. */
export function preloadEnv(module: URL): NodeJS.ProcessEnv {
  const { NODE_OPTIONS = '' } = process.env;
  return { NODE_OPTIONS: `${NODE_OPTIONS} --import ${module.href}`.trimStart() };
}
