import { z } from 'zod';

import { startReceiver } from './receiver.ts';

const attributeSchema = z.object({
  key: z.string(),
  value: z.object({ stringValue: z.string() }).or(z.looseObject({})),
});
const spanSchema = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  startTimeUnixNano: z.coerce.number(),
  endTimeUnixNano: z.coerce.number(),
  attributes: z.array(attributeSchema),
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })),
  status: z.object({ code: z.number() }),
});
const bodySchema = z.object({
  resourceSpans: z.array(
    z.object({ scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })) }),
  ),
});
export type SentSpan = z.infer<typeof spanSchema>;

/** A collector of OpenTelemetry on loopback that keeps what it is sent. */
export async function startCollector() {
  const { url, received } = await startReceiver();

  /** All spans so far. */
  function spans(): SentSpan[] {
    return received
      .map(({ body }) => bodySchema.parse(JSON.parse(body)))
      .flatMap(({ resourceSpans }) => resourceSpans.flatMap(({ scopeSpans }) => scopeSpans))
      .flatMap((scope) => scope.spans);
  }

  return { url, received, spans, env: { OTEL_EXPORTER_OTLP_ENDPOINT: url } };
}

/** The attribute of a span that is a text. */
export function attributeOf({ attributes }: SentSpan, key: string): string | undefined {
  const found = attributes.find((attribute) => attribute.key === key)?.value;
  return found !== undefined && 'stringValue' in found && typeof found.stringValue === 'string'
    ? found.stringValue
    : undefined;
}
