import { expect, test } from 'vitest';
import { contracts } from './descriptors.ts';

test('each file of ours has the options for Go and Java, by its package', () => {
  const files = [...contracts.files].filter(({ proto }) => proto.package.startsWith('odograph.'));
  expect(files.length).toBeGreaterThan(5);
  const options = files.map(({ proto: { options } }) => [options?.goPackage, options?.javaPackage]);
  expect(options).toEqual(
    files.map(({ proto: { package: name } }) => {
      const [, area, version] = name.split('.');
      return [`odograph.dev/proto/${area}/${version};${area}${version}`, `dev.${name}`];
    }),
  );
});
