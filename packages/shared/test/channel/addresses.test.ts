import { addressUrl, grpcTarget, hostAndPort, parseAddress } from '@ringkeep/shared/channel';

describe('addresses', () => {
  test.each([
    ['127.0.0.1:50001', 'http://127.0.0.1:50001', 'ipv4:127.0.0.1:50001'],
    ['http://node-1.ring.local:1/', 'http://node-1.ring.local:1', 'dns:node-1.ring.local:1'],
    ['HTTPS://Node:65535', 'https://node:65535', 'dns:node:65535'],
    ['[::1]:50001', 'http://[::1]:50001', 'ipv6:[::1]:50001'],
    ['https://[2001:db8::2]:7', 'https://[2001:db8::2]:7', 'ipv6:[2001:db8::2]:7'],
    [' localhost:08 ', 'http://localhost:8', 'dns:localhost:8'],
    ['docker_node:9', 'http://docker_node:9', 'dns:docker_node:9'],
  ])('%s is %s and the target %s', (text, url, target) => {
    const address = parseAddress(text);
    expect(addressUrl(address)).toBe(url);
    expect(grpcTarget(address)).toBe(target);
    expect(parseAddress(addressUrl(address))).toEqual(address);
    expect(`http://${hostAndPort(address)}`).toBe(url.replace('https', 'http'));
  });

  test.each([
    ['', 'the host is missing'],
    [':50001', 'the host is missing'],
    ['host', 'the port is missing'],
    ['http://host', 'the port is missing'],
    ['host:', 'the port is missing'],
    ['host:0', 'an integer from 1 to 65535, got "0"'],
    ['host:65536', 'got "65536"'],
    ['host:1e3', 'got "1e3"'],
    ['host:-1', 'got "-1"'],
    ['::1:50001', 'expected host:port'],
    ['[::g]:1', 'is no IPv6 address'],
    ['300.0.0.1:1', 'is not a host name'],
    ['ho st:1', 'expected host:port'],
    ['-host:1', 'is not a host name'],
    ['ftp://host:1', 'expected host:port'],
    ['http://host:1/path', 'expected host:port'],
    ['http://user@host:1', 'expected host:port'],
  ])('%j is refused', (text, why) => {
    expect(() => parseAddress(text)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(why) }),
    );
  });
});
