/**
 * Makes and finds elements. It uses no framework, because the largest page is a list of cards. Text
 * from the server only becomes text nodes, so a customer's text cannot run at a pharmacy.
 */
type Listener = (event: Event) => unknown
type Child = Node | string | null | false
/** `null` and `false` leave an attribute out. */
type Attributes = Record<string, string | boolean | null | Listener>

/**
 * `el('p', { class: 'soft' }, 'text', child)`. An attribute whose value is a function, as
 * `onclick`, is a listener.
 */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes))
    if (typeof value === 'function') element.addEventListener(name.slice('on'.length), value)
    else if (value === true) element.setAttribute(name, '')
    else if (value !== false && value !== null) element.setAttribute(name, value)
  element.append(...children.filter(child => child !== null && child !== false))
  return element
}

/** The element with this id. Throws when there is none, or one of another kind. */
export function byId(id: string): HTMLElement
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind
export function byId(id: string, kind: new () => HTMLElement = HTMLElement): HTMLElement {
  const element = document.getElementById(id)
  if (element instanceof kind) return element
  throw new Error(`the page has no ${kind.name} with the id ${id}`)
}

/** Writes only changed text, so that a screen reader does not read the same words again. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text
}
