// A child's wooden abacus with ten rows of coloured beads, on a table.
#include "common.inc"
camera { location <-1.6, 2.5, -8.2> look_at <0.05, 1.62, 0> angle 33 right x*4/3 }
Lamp(<-6, 9, -6>, rgb <1.0, 0.96, 0.90>*1.1, 4)
background { rgb <0.46, 0.48, 0.5> }
Table(RGB(186, 160, 128), RGB(226, 206, 176), 0.4, 1.8)
SoftWall(8, RGB(176, 196, 206), RGB(140, 164, 178), 5)
#declare Beech = texture {
  pigment { wood turbulence 0.04 octaves 4 scale <0.1, 0.1, 1> rotate x*2
    color_map { [0 RGB(212, 172, 118)] [0.6 RGB(202, 160, 106)] [1 RGB(172, 126, 78)] } }
  finish { diffuse 0.8 specular 0.2 roughness 0.03 } }
#declare Steel = texture { pigment { RGB(190, 192, 196) } finish { diffuse 0.4 specular 0.8 roughness 0.01 reflection 0.25 } }
#declare Colours = array[5];
#declare Colours[0] = RGB(204, 36, 30); #declare Colours[1] = RGB(240, 190, 30); #declare Colours[2] = RGB(44, 130, 62);
#declare Colours[3] = RGB(34, 84, 170); #declare Colours[4] = RGB(226, 112, 28);
#declare Shift = array[10] { 3, 10, 7, 5, 10, 1, 8, 4, 6, 9 }
union {
  box { <-1.88, 0, -0.12>, <-1.66, 3.3, 0.12> texture { Beech rotate x*90 } }
  box { <1.66, 0, -0.12>, <1.88, 3.3, 0.12> texture { Beech rotate x*90 translate 3 } }
  box { <-1.9, 3.14, -0.125>, <1.9, 3.34, 0.125> texture { Beech rotate y*90 } }
  box { <-1.9, 0.12, -0.125>, <1.9, 0.32, 0.125> texture { Beech rotate y*90 translate 5 } }
  box { <-1.98, 0, -0.62>, <-1.60, 0.14, 0.62> texture { Beech } }
  box { <1.60, 0, -0.62>, <1.98, 0.14, 0.62> texture { Beech translate 2 } }
  #local R = 0;
  #while (R < 10)
    #local Y = 2.94 - R*0.27;
    cylinder { <-1.7, Y, 0>, <1.7, Y, 0>, 0.018 texture { Steel } }
    #local B = 0;
    #while (B < 10)
      #local X = -1.53 + B*0.232;
      #if (B >= Shift[R]) #local X = X + 0.98; #end
      sphere { 0, 1 scale <0.115, 0.128, 0.128> translate <X, Y, 0>
        pigment { Colours[mod(R, 5)] } finish { diffuse 0.8 specular 0.6 roughness 0.012 } }
      #local B = B + 1;
    #end
    #local R = R + 1;
  #end
  rotate y*10
}
