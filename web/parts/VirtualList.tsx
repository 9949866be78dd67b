// SPDX-License-Identifier: Apache-2.0
// A listbox of very many rows of one height: only what can be seen is in the document. The focus stays on the list
// itself (aria-activedescendant), so no row can lose it by scrolling away or by being replaced.
import { createEffect, createMemo, createSignal, For, onCleanup, onMount, type JSX } from "solid-js";

const SPARE_ROWS = 6;
const ASK_AHEAD_ROWS = 40;

export interface VirtualListProps<T extends { id: number }> {
  items: readonly T[];
  label: string;
  chosen: number;
  openId: number | null;
  total: number;
  onChoose(index: number): void;
  onOpen(index: number): void;
  onNearEnd(): void;
  children: (item: T) => JSX.Element;
}

export function VirtualList<T extends { id: number }>(props: VirtualListProps<T>) {
  let box!: HTMLDivElement;
  let probe!: HTMLDivElement;
  const [top, setTop] = createSignal(0);
  const [height, setHeight] = createSignal(800);
  const [rowHeight, setRowHeight] = createSignal(112);

  const first = createMemo(() => Math.max(0, Math.floor(top() / rowHeight()) - SPARE_ROWS));
  const last = createMemo(() => Math.min(props.items.length, Math.ceil((top() + height()) / rowHeight()) + SPARE_ROWS));
  // Keyed by the item object: scrolling by one row makes one row, replacing a case makes that row only.
  const shown = createMemo(() => props.items.slice(first(), last()));

  const measure = () => {
    setHeight(box.clientHeight);
    setRowHeight(probe.offsetHeight || 112);
  };
  onMount(() => {
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    observer.observe(probe);
    measure();
    onCleanup(() => observer.disconnect());
  });
  createEffect(() => {
    if (last() > props.items.length - ASK_AHEAD_ROWS) props.onNearEnd();
  });
  // Keeps the chosen row in sight, without animation.
  createEffect(() => {
    const at = props.chosen * rowHeight();
    if (props.chosen < 0) return;
    if (at < box.scrollTop) box.scrollTop = at;
    else if (at + rowHeight() > box.scrollTop + box.clientHeight) box.scrollTop = at + rowHeight() - box.clientHeight;
  });

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(height() / rowHeight()) - 1);
    const steps: Record<string, number> = {
      ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity,
    };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      props.onChoose(Math.min(props.items.length - 1, Math.max(0, props.chosen + step)));
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      props.onOpen(Math.max(0, props.chosen));
    }
  };
  return (
    <div
      ref={box}
      class="rows"
      role="listbox"
      tabindex="0"
      aria-label={props.label}
      aria-activedescendant={props.items[props.chosen] ? `row-${props.items[props.chosen]?.id}` : undefined}
      onScroll={() => setTop(box.scrollTop)}
      onKeyDown={onKeyDown}
    >
      <div ref={probe} class="row-probe" aria-hidden="true" />
      <div class="rows-all" role="presentation" style={{ height: `${props.items.length * rowHeight()}px` }}>
        <For each={shown()}>
          {(item, i) => {
            const index = () => first() + i();
            return (
              <div
                id={`row-${item.id}`}
                class="row"
                role="option"
                aria-selected={props.chosen === index()}
                aria-posinset={index() + 1}
                aria-setsize={props.total}
                data-open={props.openId === item.id ? "" : undefined}
                style={{ transform: `translateY(${index() * rowHeight()}px)` }}
                onClick={() => props.onOpen(index())}
              >
                {props.children(item)}
              </div>
            );
          }}
        </For>
      </div>
    </div>
  );
}
