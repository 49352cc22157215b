/** The results in the order of `items`, with at most `atOnce` works under way; after a failure none is begun. */
export async function* inTurn<Item, Result>(
  atOnce: number,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = []
  const begin = (item: Item) => {
    const result = work(item)
    result.catch(() => {}) // told when its turn comes
    underWay.push(result)
  }
  for (const item of items.slice(0, atOnce)) begin(item)
  for (let next = atOnce; underWay.length > 0; next++) {
    yield await (underWay.shift() as Promise<Result>)
    if (next < items.length) begin(items[next] as Item)
  }
}
