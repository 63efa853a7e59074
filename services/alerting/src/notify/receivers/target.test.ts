import { describe, expect, test } from 'vitest';
import { FORBIDDEN_HOSTS } from './forbidden-hosts.fixture.ts';
import { addressesOf, flawOfUrl, isAllowed, isNetwork } from './target.ts';

const PUBLIC_ONLY = { allowHttp: true, allowNetworks: [] };

test.each(FORBIDDEN_HOSTS)('%s is refused', async (host) => {
  const url = `http://${host}/`;
  expect(flawOfUrl(url, PUBLIC_ONLY)).toContain('is not a public address');
  await expect(addressesOf(new URL(url), PUBLIC_ONLY)).rejects.toThrow('is not a public address');
});

test.each([
  ...['93.184.216.34', '1.1.1.1', '[2606:4700:4700::1111]', '[::ffff:1.1.1.1]', '172.32.0.1', '100.128.0.1'],
])('%s is public', (host) => {
  expect(flawOfUrl(`https://${host}/`, PUBLIC_ONLY)).toBeUndefined();
});

describe('a network that is allowed', () => {
  test('allows its addresses in all forms, and no others', () => {
    const rules = { allowHttp: true, allowNetworks: ['127.0.0.0/8', 'fd00::/8'] };
    for (const host of ['127.0.0.1', '0x7f.1', '[::ffff:127.0.0.1]', '[fd00::7]'])
      expect(flawOfUrl(`http://${host}/`, rules), host).toBeUndefined();
    for (const host of ['10.0.0.1', '[::1]', '[::ffff:10.0.0.1]', '169.254.169.254'])
      expect(flawOfUrl(`http://${host}/`, rules), host).toContain('is not a public address');
  });

  test('is written with its prefix', () => {
    expect(['10.0.0.0/8', 'fd00::/8', '10.1.2.3/32'].map(isNetwork)).toEqual([true, true, true]);
    expect(['10.0.0.0', '10.0.0.0/33', 'localhost/8', ''].map(isNetwork)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('a URL', () => {
  test.each([
    ['http://example.com/', 'must begin with https://, or have allow_http: true beside it'],
    ['ftp://example.com/', 'must begin with https://'],
    ['file:///etc/passwd', 'must begin with https://'],
    ['javascript:alert(1)', 'must begin with https://'],
    ['https://', 'must be a URL such as'],
    ['example.com', 'must be a URL such as'],
    ['https://me:pass-word@example.com/', 'must have no user and password'],
    ['https://example.com@127.0.0.1/', 'must have no user and password'],
    ['https://1.2.3.4.5/', 'must be a URL such as'],
    ['https://0x7f.0x1.0x1.0x1.0x1/', 'must be a URL such as'],
  ])('%s %s, and is not repeated', (url, flaw) => {
    const found = flawOfUrl(url, { allowHttp: false, allowNetworks: [] });
    expect(found).toContain(flaw);
    expect(found).not.toContain('pass-word');
  });
});

describe('a name', () => {
  const url = new URL('https://hook.example.com/');
  const resolvingTo = (...addresses: readonly string[]) => {
    return async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };

  test('is refused if any of its addresses is, and is resolved once', async () => {
    let count = 0;
    const rebinding = async () => {
      count += 1;
      return [{ address: count === 1 ? '93.184.216.34' : '127.0.0.1', family: 4 }];
    };
    expect(await addressesOf(url, PUBLIC_ONLY, rebinding)).toEqual([{ address: '93.184.216.34', family: 4 }]);
    expect(count).toBe(1);
    const mixed = resolvingTo('93.184.216.34', '::ffff:10.0.0.1');
    await expect(addressesOf(url, PUBLIC_ONLY, mixed)).rejects.toThrow('hook.example.com at ::ffff:10.0.0.1');
  });

  test('may have an address with a zone, which is not public', async () => {
    await expect(addressesOf(url, PUBLIC_ONLY, resolvingTo('fe80::1%eth0'))).rejects.toThrow('not a public');
    expect(isAllowed('not an address', ['0.0.0.0/0'])).toBe(false);
  });
});
