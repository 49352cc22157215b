import { Menu, useMantineColorScheme } from '@mantine/core'
import { Icon } from '../icons.tsx'

const schemes = [
  { value: 'auto', label: 'As the system', icon: 'monitor' },
  { value: 'light', label: 'Light', icon: 'sun' },
  { value: 'dark', label: 'Dark', icon: 'moon' },
] as const

/** Light or dark, in a menu. */
export function LookItems() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return schemes.map(({ value, label, icon }) => (
    <Menu.Item
      key={value}
      role="menuitemradio"
      aria-checked={colorScheme === value}
      leftSection={<Icon name={icon} />}
      rightSection={colorScheme === value && <Icon name="check" size={14} />}
      onClick={() => setColorScheme(value)}
    >
      {label}
    </Menu.Item>
  ))
}
