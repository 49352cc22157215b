// One language for all pages: neutral greys, one accent for what can be pressed, four sizes of type, an 8-px grid.
// The five state colours are CSS variables in `globals.css` and are used for nothing else.
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core'
import type { KeyboardEvent } from 'react'

const plum: MantineColorsTuple = [
  '#f7f2fa',
  '#ecdff3',
  '#dcc4ea',
  '#caa3de',
  '#b884d2',
  '#a668c4',
  '#9352b3',
  '#7a3e9d',
  '#643282',
  '#4d2665',
]
const gray: MantineColorsTuple = [
  '#f7f7f8',
  '#f0f0f2',
  '#e4e4e7',
  '#d4d4d9',
  '#b9b9c0',
  '#9c9ca5',
  '#7a7a84',
  '#5d5d66',
  '#3f3f46',
  '#26262b',
]
const dark: MantineColorsTuple = [
  '#e8e8eb',
  '#c6c6cc',
  '#a2a2ab',
  '#7c7c86',
  '#4b4b53',
  '#37373d',
  '#202024',
  '#151517',
  '#101012',
  '#0b0b0c',
]

const oneShadow = '0 8px 24px rgb(0 0 0 / 0.16)'

export const theme = createTheme({
  colors: { plum, gray, dark },
  primaryColor: 'plum',
  primaryShade: { light: 7, dark: 6 },
  autoContrast: false,
  // Names only: where `system-ui` is no real family, the search goes by weight and finds a slab serif for headings.
  fontFamily:
    '-apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, Ubuntu, Cantarell, "Noto Sans", "Open Sans", "DejaVu Sans", "Liberation Sans", "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace:
    'SFMono-Regular, Menlo, Consolas, "Noto Sans Mono", "DejaVu Sans Mono", "Liberation Mono", monospace',
  fontSizes: { xs: '0.75rem', sm: '0.875rem', md: '0.875rem', lg: '1.125rem', xl: '1.5rem' },
  lineHeights: { xs: '1.3333', sm: '1.4286', md: '1.4286', lg: '1.3333', xl: '1.3333' },
  spacing: { xs: '0.25rem', sm: '0.5rem', md: '1rem', lg: '1.5rem', xl: '2.5rem' },
  radius: { xs: '3px', sm: '5px', md: '6px', lg: '8px', xl: '12px' },
  defaultRadius: 'sm',
  shadows: { xs: oneShadow, sm: oneShadow, md: oneShadow, lg: oneShadow, xl: oneShadow },
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '1.5rem', lineHeight: '2rem' },
      h2: { fontSize: '1.125rem', lineHeight: '1.5rem' },
      h3: { fontSize: '0.875rem', lineHeight: '1.25rem' },
    },
  },
  focusRing: 'auto',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'sm' } },
    InputWrapper: { styles: { label: { marginBottom: 4 }, description: { marginBottom: 4 } } },
    Modal: {
      styles: { title: { fontSize: '1.125rem', fontWeight: 600 } },
      // In a dialog its header is no banner of the page.
      defaultProps: {
        closeButtonProps: { 'aria-label': 'Close' },
        attributes: { header: { role: 'presentation' } },
        centered: true,
        overlayProps: { backgroundOpacity: 0.4 },
        transitionProps: { duration: 100 },
      },
    },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: false, events: { hover: true, focus: true, touch: true } } },
    // Where it was opened from, also for whoever hears the page; and its first item has the focus.
    Menu: {
      defaultProps: {
        transitionProps: { duration: 80 },
        withinPortal: false,
        // What scrolls around it does not cut it off.
        floatingStrategy: 'fixed',
        withInitialFocusPlaceholder: false,
      },
    },
    // The menu hears Esc once it has the focus, which is a moment after it is seen.
    MenuTarget: {
      defaultProps: {
        onKeyDown: ({ key, currentTarget }: KeyboardEvent<HTMLElement>) => {
          if (key === 'Escape' && currentTarget.ariaExpanded === 'true') currentTarget.click()
        },
      },
    },
  },
})

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-text': '#1b1b1f',
    '--mantine-color-dimmed': '#5d5d66',
    '--mantine-color-placeholder': '#7a7a84',
    '--mantine-color-anchor': '#643282',
    '--mantine-color-error': 'var(--needs-you)',
    '--mantine-color-default-border': '#d4d4d9',
  },
  dark: {
    '--mantine-color-dimmed': '#a2a2ab',
    '--mantine-color-placeholder': '#7c7c86',
    '--mantine-color-anchor': '#caa3de',
    '--mantine-color-error': 'var(--needs-you)',
    '--mantine-color-default': '#1d1d20',
    '--mantine-color-default-hover': '#232327',
    '--mantine-color-default-border': '#37373d',
  },
})
