/** What reads bytes from outside, for those who try to break it. */

export { HttpFault } from './http/http-fault';
export { checkCaller } from './http/request/caller';
export { parseTagList } from './http/request/etags';
export { Fields, parseJsonObject } from './http/request/json';
export { readTransaction } from './http/routes/transactions';
export { base64UrlDecoded, parseTarget, percentDecoded } from './http/request/target';
export { parseTtl } from './http/request/ttl';
export { ProtocolFault, RequestParser } from './resp/protocol/request-parser';
