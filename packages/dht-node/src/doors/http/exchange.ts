/** One request and its answer: who asks, for what, what it brings, and what is answered. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { RingError, type Bytes } from '@ringkeep/shared';
import type { NodeHost } from '../../hosting/host';
import type { Answer, StreamedAnswer, WholeAnswer } from './answer';
import { COMMON_HEADERS } from './common-headers';
import type { HttpConnection, Turn } from './connection';
import { HttpFault, malformed } from './http-fault';
import { UNREAD_UNCOUNTED_BYTES } from './limits';
import { HTTP } from './name';
import { problemOf } from './problems';
import { PROBLEM_TYPE } from './raw-problem';
import { dropBody, readBody } from './request/body';
import { checkCaller, type CallerRules } from './request/caller';
import { checkContent } from './request/content';
import { parseTarget, Query } from './request/target';
import { ReaderGone, ResponseStream } from './response-stream';
import type { Asked } from './routes/asked';
import type { Found, Router } from './routes/router';
import { preflightHeaders, readableHeaders } from './cors';

export interface ExchangeTools {
  readonly host: NodeHost;
  readonly router: Router;
  readonly rules: CallerRules;
  /** Takes no more bytes for the time being. */
  isFull(): boolean;
  /** How long a stream may stand still because of its reader, ms. */
  readonly unreadMs: number;
  /** A fault of the node's own. */
  failed(error: unknown): void;
}

const NO_BODY = Buffer.alloc(0);

export class Exchange implements Turn {
  /** Its body is not complete. */
  isReading = false;
  private foreignOrigin: string | undefined;
  /** Gives up what is asked for the caller. */
  private giveUp: (() => void) | undefined;

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly connection: HttpConnection,
    private readonly tools: ExchangeTools,
    /** It waits to be told to go on before it sends its body, or for something that is not known here. */
    private readonly expects: 'nothing' | 'continue' | 'something else' = 'nothing',
  ) {
    // Without a listener a write behind the end would end the process.
    response.on('error', tools.failed);
    response.on('close', () => {
      if (!response.writableFinished) this.giveUp?.();
      connection.over(this);
    });
  }

  /** What needs no waiting is done without: most requests have no body. */
  run(): void {
    try {
      const answer = this.answer();
      if (answer instanceof Promise) answer.then(this.give, this.refuse);
      else this.give(answer);
    } catch (error) {
      this.refuse(error);
    }
  }

  private answer(): Answer | Promise<Answer> {
    const { request, tools } = this;
    if (hasTwoHosts(request.rawHeaders)) throw malformed('there is more than one header Host');
    const { segments, query, authority } = parseTarget(request.url as string);
    this.foreignOrigin = checkCaller(request.headers, authority, tools.rules);
    if (this.expects === 'something else')
      throw new HttpFault(417, 'only Expect: 100-continue is understood');
    const { method = 'GET' } = request;
    if (method === 'OPTIONS') return this.options(tools.router.methodsAt(segments));
    const found = tools.router.find(method, segments);
    const { route } = found;
    if (query !== Query.NONE) query.only(Object.keys(route.query));
    const body = this.body(found);
    if (body instanceof Promise) return body.then((whole) => route.handle(this.asked(found, query, whole)));
    return route.handle(this.asked(found, query, body));
  }

  private readonly give = (answer: Answer): void => {
    if ('stream' in answer) this.stream(answer).catch(this.refuse);
    else this.send(answer);
  };

  private options(methods: readonly string[]): WholeAnswer {
    const allow = ['Allow', methods.join(', ')];
    const wanted = this.request.headers['access-control-request-method'];
    if (this.foreignOrigin === undefined || wanted === undefined) return { status: 204, headers: allow };
    return { status: 204, headers: [...allow, ...preflightHeaders(methods)] };
  }

  private body({ route: { brings } }: Found): Buffer | Promise<Buffer> {
    const { request, tools } = this;
    const { headers } = request;
    const bytesMax = brings.kind === 'none' ? 0 : brings.bytesMax(tools.host);
    checkContent(headers, brings.kind, bytesMax);
    const isEmpty = headers['transfer-encoding'] === undefined && !(Number(headers['content-length']) > 0);
    if (isEmpty) return NO_BODY;
    if (tools.isFull())
      throw new RingError('RESOURCE_EXHAUSTED', 'too many bytes of requests and answers are under way');
    if (this.expects === 'continue') this.response.writeContinue();
    return this.read(bytesMax);
  }

  private async read(bytesMax: number): Promise<Buffer> {
    const { connection } = this;
    this.isReading = true;
    try {
      const body = await readBody(this.request, bytesMax, (coming) => connection.hold({ coming }));
      connection.hold({ coming: 0, here: body.length });
      return body;
    } finally {
      this.isReading = false;
    }
  }

  private asked({ key }: Found, query: Query, body: Buffer): Asked {
    const { request, tools } = this;
    return {
      host: tools.host,
      key: key as Bytes,
      query,
      headers: request.headers,
      body,
      onGone: this.onGone,
    };
  }

  private readonly onGone = (gone: () => void): void => void (this.giveUp = gone);

  private send({ status, headers, type, body, bytes }: WholeAnswer): void {
    const { response, connection } = this;
    const head = this.head(headers, type);
    if (status !== 204 && status !== 304)
      head.push('Content-Length', String(bytes?.length ?? lengthOf(body)));
    response.writeHead(status, head);
    if (bytes !== undefined) response.end(bytes, 'latin1');
    else if (body !== undefined) response.end(body);
    else response.end();
    const { writableLength } = response;
    if (writableLength > UNREAD_UNCOUNTED_BYTES)
      connection.hold({ coming: 0, here: 0, unread: writableLength });
    dropBody(this.request);
  }

  private async stream({ type, stream, cancel }: StreamedAnswer): Promise<void> {
    const { response, connection, tools } = this;
    response.writeHead(200, this.head(undefined, type));
    if (this.request.method === 'HEAD') {
      cancel?.();
      return void response.end();
    }
    const out = new ResponseStream(
      response,
      {
        stands: () => tools.host.observer.slowReader?.({ door: HTTP }),
        moved: () => connection.moved(),
        holds: (unread) => connection.hold({ unread }),
      },
      tools.unreadMs,
    );
    await stream(out);
    response.end();
  }

  private readonly refuse = (error: unknown): void => {
    const { response, request, connection, tools } = this;
    if (error instanceof ReaderGone) return void response.destroy();
    if (!(error instanceof HttpFault || error instanceof RingError)) tools.failed(error);
    if (error instanceof HttpFault) this.observe(error);
    // A stream that breaks off is not taken for whole: its last piece is missing.
    if (response.headersSent) return void response.destroy();
    const { status, headers, document } = problemOf(error);
    // Nobody knows whether the body comes that was waited with.
    if (this.expects !== 'nothing' && !request.complete) connection.endAfterThis();
    const body = `${JSON.stringify(document)}\n`;
    this.send({ status, headers, type: PROBLEM_TYPE, body });
  };

  /** What was wrong of itself; that a key is not there, or not as was asked, is an answer like any other. */
  private observe({ status, more: { code } }: HttpFault): void {
    const { observer } = this.tools.host;
    if (status === 403 || status === 421) observer.callerRefused?.({ door: HTTP });
    else if (code === 'INVALID_ARGUMENT') observer.malformed?.({ door: HTTP, operations: 1, code });
  }

  private head(headers: readonly string[] = [], type: string | undefined): string[] {
    const head = [...COMMON_HEADERS, ...headers];
    if (type !== undefined) head.push('Content-Type', type);
    if (this.foreignOrigin !== undefined) head.push(...readableHeaders(this.foreignOrigin));
    if (this.connection.endsNow()) head.push('Connection', 'close');
    return head;
  }
}

function lengthOf(body: Buffer | string | undefined): number {
  return body === undefined ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : body.length;
}

/** RFC 9112, section 3.2: whoever reads one of them may mean another than whoever reads the other. */
function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') count++;
  }
  return count > 1;
}
