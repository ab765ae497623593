/** The OpenAPI 3.1 document of this door, made of its routes: neither has what the other lacks. */

import { BYTES_TYPE, JSON_TYPE } from '../answer';
import type { AnswerText, Route } from '../routes/asked';
import { SCHEMAS } from './schemas';

const KEY_TEXTS: Readonly<Record<string, string>> = {
  keys: 'The key: one segment, percent-encoded; a slash in it is %2F.',
  keys64: 'The key in base64url (RFC 4648, section 5): for keys that something on the way would change.',
};
const PROBLEM: AnswerText = {
  text: 'A problem document.',
  type: 'application/problem+json',
  schema: 'Problem',
};

export function openApiDocument(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Ringkeep',
      version,
      description:
        'Keys of a ring over HTTP, at any node for any key. GET stands for HEAD as well. An outcome that is unknown is ' +
        '500 with the code OUTCOME_UNKNOWN: such a write may have happened. What is 503 was not started.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    paths,
    components: { schemas: SCHEMAS },
  };
}

function operationOf({ id, summary, path, query, headers, brings, answers }: Route): object {
  const [, folder = ''] = path.slice(1).split('/');
  const ofKey = path.includes('{key}') ? [parameter('path', 'key', KEY_TEXTS[folder] as string, true)] : [];
  const others = [...entries('query', query), ...entries('header', headers)];
  return {
    operationId: id,
    summary,
    parameters: [...ofKey, ...others],
    ...(brings.kind !== 'none' && {
      requestBody: {
        required: brings.kind === 'bytes',
        content: brings.kind === 'bytes' ? { [BYTES_TYPE]: {} } : contentOf(JSON_TYPE, brings.schema),
      },
    }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [status, responseOf(status, answer)]),
      ),
      default: responseOf('default', PROBLEM),
    },
  };
}

function entries(place: 'query' | 'header', texts: Readonly<Record<string, string>>): object[] {
  return Object.entries(texts).map(([name, text]) => parameter(place, name, text, false));
}

function parameter(place: string, name: string, description: string, required: boolean): object {
  return { name, in: place, required, description, schema: { type: 'string' } };
}

function responseOf(status: string, answer: AnswerText): object {
  const isProblem = Number(status) >= 400;
  const { type = answer.schema === undefined ? undefined : JSON_TYPE, schema } = isProblem ? PROBLEM : answer;
  return { description: answer.text, ...(type !== undefined && { content: contentOf(type, schema) }) };
}

function contentOf(type: string, schema: string | undefined): object {
  return { [type]: schema === undefined ? {} : { schema: { $ref: `#/components/schemas/${schema}` } } };
}
